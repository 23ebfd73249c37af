package dev.unwrite.conformance.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Where generated runs come from: one for each seed, always the same for the same seed. */
interface RunSource {
    /** The lines of each trace file of a run, by the file's name. */
    Map<String, List<String>> run(long seed) throws IOException;

    /** The lines of the files in a folder, which is deleted. */
    static Map<String, List<String>> taken(Path folder) throws IOException {
        Map<String, List<String>> files = new TreeMap<>();
        List<Path> written;
        try (Stream<Path> found = Files.list(folder)) {
            written = found.toList();
        }
        for (Path file : written) {
            files.put(folder.getFileName() + "-" + file.getFileName(), Files.readAllLines(file));
            Files.delete(file);
        }
        Files.delete(folder);
        return files;
    }
}
