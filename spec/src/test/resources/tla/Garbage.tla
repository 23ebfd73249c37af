---- MODULE Garbage ----
this is no specification
====
