// The program: theme, query cache, event stream, and the page of the present address inside the frame.

import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/default-css-variables.css";
import "@mantine/core/styles/global.css";
import "./shell/mantine.css";
import "./shell/base.css";
import "./shell/frame.css";
import "./shell/parts.css";
import "./shell/pages.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactElement, Suspense } from "react";
import { matchRoute, Route, Switch, useLocation, useRouter } from "wouter";
import { Loading } from "./parts/page-states.tsx";
import { useMe } from "./platform/me.ts";
import { applyEvent, queryClient, readAllAgain } from "./platform/queries.ts";
import { useEventStream } from "./platform/stream.ts";
import { Broken } from "./shell/broken.tsx";
import { Layout } from "./shell/layout.tsx";
import { NotFoundPage } from "./shell/not-found.tsx";
import { PAGES } from "./shell/pages.tsx";
import { cssVariables, THEME } from "./shell/theme.ts";
import { Gate } from "./sign-in/gate.tsx";

const EVENT_HANDLERS = { onEvent: applyEvent, onGap: readAllAgain };

/** Inside the gate: a stream needs somebody whose it is. */
function Frame(): ReactElement {
  const { data: me } = useMe();
  // Events are for people; an explorer that is open to everybody asks by itself.
  useEventStream(EVENT_HANDLERS, me !== undefined && me.via !== "none");
  const [location] = useLocation();
  return (
    <Layout>
      <Broken key={location}>
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

function Program(): ReactElement {
  const [location] = useLocation();
  const { parser } = useRouter();
  const isPublic = PAGES.some(({ path, isPublic }) => isPublic === true && matchRoute(parser, path, location)[0]);
  return (
    <Gate isPublic={isPublic}>
      <Frame />
    </Gate>
  );
}

export function App(): ReactElement {
  return (
    <MantineProvider theme={THEME} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Program />
      </QueryClientProvider>
    </MantineProvider>
  );
}
