// The pages by their address. To add one: its file in pages/, a line here, and where it belongs in the navigation a line in
// navigation.ts. Each page is a file of its own in the build too, fetched when it is opened.

import { type ComponentType, type LazyExoticComponent, lazy } from "react";

type PageFile = Promise<Readonly<Record<string, ComponentType>>>;

/** @param name of the exported component */
function page(load: () => PageFile, name: string): LazyExoticComponent<ComponentType> {
  return lazy(async () => {
    const found = (await load())[name];
    if (found === undefined) throw new Error(`no page ${name}`);
    return { default: found };
  });
}

export type PageRoute = { readonly path: string; readonly page: LazyExoticComponent<ComponentType> };

export const PAGES: readonly PageRoute[] = [
  { path: "/", page: page(() => import("../pages/start.tsx"), "StartPage") },
  { path: "/n/:network", page: page(() => import("../pages/home.tsx"), "HomePage") },
];
