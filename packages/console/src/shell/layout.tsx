// The frame around every page: product and network above, navigation at the side (a drawer on narrow screens), one landmark for
// what the page itself shows.

import { Drawer, Menu, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ReactElement, type ReactNode, useEffect } from "react";
import { Link, useLocation } from "wouter";
import { Icon } from "../parts/icons.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { useMe } from "../platform/me.ts";
import { useChange, useNetwork, useRead } from "../platform/queries.ts";
import { endSession } from "../platform/session.ts";
import { useStreamState } from "../platform/stream.ts";
import { useNow } from "../platform/time.ts";
import { formatAge } from "../view/formats.ts";
import { chainStatus, sideStatus } from "../view/status.ts";
import { navigationOf } from "./navigation.ts";
import { SearchButton } from "./search-button.tsx";

/** The network of the present address. */
export function networkOfPath(path: string): string | undefined {
  return /^\/n\/([a-z][a-z0-9-]{0,30})(?:\/|$)/.exec(path)?.[1];
}

/** Where somebody came from: pages of the platform keep the navigation of the network that was looked at. */
let lastNetwork: string | undefined;

function useShownNetwork(path: string): string | undefined {
  const { data } = useRead("networks");
  const names = data?.items.map(({ name }) => name);
  const here = networkOfPath(path);
  if (here !== undefined) lastNetwork = here;
  if (here !== undefined || names === undefined || path === "/") return here;
  return lastNetwork !== undefined && names.includes(lastNetwork) ? lastNetwork : names[0];
}

function Connection(): ReactElement | null {
  const state = useStreamState();
  const nowMs = useNow();
  const { data: me } = useMe();
  if (me?.via === "none") return null;
  if (state.kind === "live") return <StatusBadge tone="good" word="Live" />;
  if (state.kind === "connecting") return <StatusBadge tone="busy" word="Connecting" />;
  return (
    <span role="status">
      <StatusBadge tone="warn" word={`Cut ${formatAge(state.sinceMs, nowMs)}`} />
    </span>
  );
}

const SCHEMES = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

function ThemeMenu(): ReactElement {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className="b-icon-button" aria-label="Colours">
          <Icon name={colorScheme === "dark" ? "moon" : "sun"} size={18} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, label }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={colorScheme === value}
            leftSection={colorScheme === value ? <Icon name="check" size={14} /> : <span className="b-no-icon" />}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function PersonMenu(): ReactElement | null {
  const { data: me } = useMe();
  const [, go] = useLocation();
  const signOut = useChange("signOut", { onDone: () => endSession("SIGNED_OUT", "") });
  if (me === undefined) return null;
  if (me.via === "none")
    return (
      <button type="button" className="b-network" onClick={() => endSession("SIGN_IN_NEEDED", "")}>
        Sign in
      </button>
    );
  const name = me.name ?? me.login ?? me.via;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className="b-icon-button" aria-label={`Signed in as ${name}`}>
          <Icon name="people" size={18} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        <Menu.Item leftSection={<Icon name="gear" size={14} />} onClick={() => go("/settings/you")}>
          Your sign-in
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="exit" size={14} />} onClick={() => signOut.mutate({ query: {} })}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function NetworkMenu({ network }: { readonly network: string | undefined }): ReactElement | null {
  const { data } = useRead("networks");
  const [, go] = useLocation();
  if (network === undefined || data === undefined) return null;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <button type="button" className="b-network" aria-label={`Network ${network}, change`}>
          <span>{network}</span>
          <Icon name="down" size={14} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {data.items.map(({ name }) => (
          <Menu.Item key={name} onClick={() => go(`/n/${name}`)}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="plus" size={14} />} onClick={() => go("/new")}>
          New network
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

type NavigationProps = { readonly network: string | undefined; readonly label: string };

function Navigation({ network, label }: NavigationProps): ReactElement {
  const [location] = useLocation();
  const { data: me } = useMe();
  const isKnown = me !== undefined && me.via !== "none";
  // How a network stands is not for everybody; who is not signed in gets no question that is refused.
  const { data } = useNetwork(isKnown ? network : undefined);
  const groups = navigationOf({
    network,
    main: data && { chain: data.main.chain, status: chainStatus(data.main.state) },
    isPublic: !isKnown,
    publicChain: /\/chains\/([a-z][a-z0-9-]*)/.exec(location)?.[1],
    chains: data?.sides.map((side) => ({ chain: side.chain, status: sideStatus(side) })) ?? [],
  });
  const isHere = (href: string): boolean =>
    location === href || ((href.split("/").length > 3 || href === "/settings") && location.startsWith(`${href}/`));
  return (
    <nav className="b-nav" aria-label={label}>
      {groups.map(({ title, items }) => (
        <div key={title ?? "top"}>
          {title !== null && <h2>{title}</h2>}
          <ul>
            {items.map(({ label: name, href, icon, status }) => (
              <li key={`${name} ${href}`}>
                <Link href={href} className="b-nav-link" aria-current={isHere(href) ? "page" : undefined}>
                  <Icon name={icon} size={17} />
                  {name}
                  {status !== undefined && status.tone !== "good" && (
                    <span className="b-nav-end">
                      <StatusBadge {...status} />
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

export function Layout({ children }: { readonly children: ReactNode }): ReactElement {
  const [location] = useLocation();
  const [isOpen, drawer] = useDisclosure(false);
  const network = useShownNetwork(location);
  const { data: me } = useMe();
  // Whoever has chosen a page wants to see it.
  useEffect(() => {
    if (location !== "") drawer.close();
  }, [location, drawer.close]);
  return (
    <>
      <a className="b-skip" href="#main">
        Skip to the page
      </a>
      <header className="b-head">
        <div className="b-burger">
          <button
            type="button"
            className="b-icon-button"
            aria-label="Pages"
            aria-expanded={isOpen}
            onClick={drawer.open}
          >
            <Icon name="list" size={20} />
          </button>
        </div>
        <Link href="/" className="b-mark" aria-label="Bystack, all networks">
          <img src="/mark.svg" width={22} height={22} alt="" />
          <span className="b-mark-word">Bystack</span>
        </Link>
        <NetworkMenu network={network} />
        <div className="b-head-end">
          {network !== undefined && <SearchButton network={network} isPublic={me?.via === "none"} />}
          <Connection />
          <ThemeMenu />
          <PersonMenu />
        </div>
      </header>
      <Drawer.Root opened={isOpen} onClose={drawer.close} size="17rem">
        <Drawer.Overlay />
        <Drawer.Content aria-label="Pages">
          <Drawer.Body>
            <button type="button" className="b-icon-button" aria-label="Close" onClick={drawer.close}>
              <Icon name="cross" size={20} />
            </button>
            <Navigation network={network} label="All pages" />
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <div className="b-frame">
        <div className="b-side">
          <Navigation network={network} label="Pages" />
        </div>
        <main className="b-main" id="main">
          {children}
        </main>
      </div>
    </>
  );
}
