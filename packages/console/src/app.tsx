// The program: theme, query cache, event stream, and the page of the present address inside the frame.

import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "./shell/mantine.css";
import "./shell/base.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactElement, Suspense, useCallback } from "react";
import { Route, Switch } from "wouter";
import { Loading } from "./parts/page-states.tsx";
import { queryClient, refreshFor } from "./platform/queries.ts";
import { type PlatformEvent, useEventStream } from "./platform/stream.ts";
import { Broken } from "./shell/broken.tsx";
import { Layout } from "./shell/layout.tsx";
import { NotFoundPage } from "./shell/not-found.tsx";
import { PAGES } from "./shell/pages.tsx";
import { cssVariables, THEME } from "./shell/theme.ts";

function Pages(): ReactElement {
  const onEvent = useCallback((event: PlatformEvent) => refreshFor(event), []);
  const onMissed = useCallback(() => refreshFor(undefined), []);
  useEventStream({ onEvent, onMissed }, true);
  return (
    <Layout>
      <Broken>
        <Suspense fallback={<Loading what="the page" />}>
          <Switch>
            {PAGES.map(({ path, page }) => (
              <Route key={path} path={path} component={page} />
            ))}
            <Route>
              <NotFoundPage />
            </Route>
          </Switch>
        </Suspense>
      </Broken>
    </Layout>
  );
}

export function App(): ReactElement {
  return (
    <MantineProvider theme={THEME} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Pages />
      </QueryClientProvider>
    </MantineProvider>
  );
}
