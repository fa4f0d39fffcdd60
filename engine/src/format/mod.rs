//! Values as Postgres writes and reads them: its text form (results, COPY text and csv, casts to and from text) and its binary form
//! (results, parameters, COPY binary). One file per direction and form.
