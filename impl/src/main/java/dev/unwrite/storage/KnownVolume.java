package dev.unwrite.storage;

/**
 * A volume as the storage remembers it.
 *
 * @param id the volume's for ever, given once in its group
 * @param size in bytes, when it was served last
 * @param mark tells its backend again
 */
record KnownVolume(int id, String name, long size, BackendMark mark) {}
