package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Where generated runs come from: one for each seed, always the same for the same seed. */
interface RunSource {
    /** The lines of each trace file of a run, by the file's name. */
    Map<String, List<String>> run(long seed) throws IOException;
}
