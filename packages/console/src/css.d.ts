// Style sheets are imported for their effect alone: classes have plain names that begin with `b-`.

declare module "*.css";
