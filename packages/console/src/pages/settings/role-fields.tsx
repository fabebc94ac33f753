// Choosing a role and where it counts; used by invitations, people and tokens.

import type { Role } from "@bystack/api/role";
import { ROLE_NAMES } from "@bystack/api/role";
import { NativeSelect } from "@mantine/core";
import type { ReactElement } from "react";
import { useRead } from "../../platform/queries.ts";
import { GIVEN_ROLES, ROLE_TEXTS } from "../../view/roles.ts";

export type RoleChoice = { readonly role: Role; readonly network: string };

type RoleFieldsProps = {
  readonly value: RoleChoice;
  readonly onChange: (value: RoleChoice) => void;
  /** The highest that can be given. */
  readonly roles?: readonly Role[];
};

export function RoleFields({ value, onChange, roles = GIVEN_ROLES }: RoleFieldsProps): ReactElement {
  const { data } = useRead("networks");
  return (
    <>
      <NativeSelect
        className="b-wide-field"
        label="Role"
        value={value.role}
        data={roles.map((role) => ({ value: role, label: `${ROLE_NAMES[role]}: ${ROLE_TEXTS[role]}` }))}
        onChange={(event) => {
          const role = roles.find((candidate) => candidate === event.currentTarget.value);
          if (role !== undefined) onChange({ ...value, role });
        }}
      />
      <NativeSelect
        label="On"
        value={value.network}
        data={[
          { value: "*", label: "every network" },
          ...(data?.items ?? []).map(({ name }) => ({ value: name, label: name })),
        ]}
        onChange={(event) => onChange({ ...value, network: event.currentTarget.value })}
      />
    </>
  );
}
