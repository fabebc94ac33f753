// The look: one calm blue, greys with a little blue in them, system fonts. Contrast of text is 4.5 or more on every surface; the
// browser test measures it. Colours that mean something (good, warn, bad, busy, idle) are variables in base.css.

import { type CSSVariablesResolver, createTheme } from "@mantine/core";

export const THEME = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 7 },
  colors: {
    ink: ["#eef4fb", "#dbe7f5", "#b6cdea", "#8fb2de", "#6c9ad3", "#4f86c8", "#3c75bd", "#2b62a9", "#235190", "#1a4074"],
    dark: [
      "#d8dee6",
      "#b6bfca",
      "#94a0ae",
      "#6f7b8a",
      "#3d4753",
      "#303944",
      "#232b34",
      "#1b222a",
      "#141a21",
      "#0d1116",
    ],
  },
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    Modal: { defaultProps: { transitionProps: { duration: 0 }, overlayProps: { backgroundOpacity: 0.45 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 0 } } },
    Menu: { defaultProps: { transitionProps: { duration: 0 } } },
  },
});

/** Where Mantine's own greys are too faint for text. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#1b232d",
    "--mantine-color-dimmed": "#56616f",
    "--mantine-color-placeholder": "#6b7583",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-anchor": "#235190",
  },
  dark: {
    "--mantine-color-body": "#1b222a",
    "--mantine-color-text": "#dbe1e8",
    "--mantine-color-dimmed": "#9ca8b6",
    "--mantine-color-placeholder": "#8a96a5",
    "--mantine-color-error": "#f4978e",
    "--mantine-color-anchor": "#93bbea",
  },
});
