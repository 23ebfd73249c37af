package dev.unwrite.storage;

/**
 * A volume of a group and where its bytes are.
 *
 * @param id the volume's for ever
 */
record Volume(int id, String name, Backend backend) {}
