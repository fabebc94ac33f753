// An address that is no page.

import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import { useLocation } from "wouter";
import { Page } from "../parts/page.tsx";
import { Empty } from "../parts/page-states.tsx";

export function NotFoundPage(): ReactElement {
  const [location, go] = useLocation();
  return (
    <Page title="No such page">
      <Empty icon="question" sentence={`Nothing is at ${location}. The address may be of a newer or older release.`}>
        <Button variant="default" onClick={() => go("/")}>
          To the networks
        </Button>
      </Empty>
    </Page>
  );
}
