// Mounts the console. The first import sets zod up before any schema of the API is made.

import "./zod-setup.ts";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
