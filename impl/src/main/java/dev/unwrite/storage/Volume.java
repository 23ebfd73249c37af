package dev.unwrite.storage;

/** A volume of a group and where its bytes are. */
record Volume(String name, Backend backend) {}
