package dev.unwrite.chaos.bench;

import java.util.Map;

/**
 * The memory of a pair and its storage after some writes that were spread over a volume.
 *
 * @param volumeBytes the size of the volume
 * @param writes of 4 KiB
 * @param copies blocks of 4 KiB of which the secondary holds a copy
 * @param residentBytes of each process, by its role
 */
record Footprint(long volumeBytes, long writes, long copies, Map<String, Long> residentBytes) {}
