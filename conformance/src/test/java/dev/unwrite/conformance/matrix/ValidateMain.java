package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.trace.TraceValidation;
import dev.unwrite.conformance.trace.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Validates each folder of traces in the folder that is the argument, with the real code, until one is rejected. */
final class ValidateMain {
    private ValidateMain() {}

    static void main(String[] args) throws Exception {
        List<Path> folders;
        try (Stream<Path> found = Files.list(Path.of(args[0]))) {
            folders = found.filter(Files::isDirectory).sorted().toList();
        }
        for (Path folder : folders) {
            if (TraceValidation.validate(List.of(folder)) instanceof Verdict.Rejected rejected) {
                System.out.println(ChildJvm.CAUGHT + " " + folder.getFileName() + ": "
                        + action(rejected.event()) + " of " + rejected.file().getFileName() + ":" + rejected.line()
                        + ": "
                        + rejected.why().strip().replaceAll("\\s+", " "));
                System.exit(1);
            }
        }
        System.out.println(folders.size() + " accepted");
        System.exit(folders.isEmpty() ? 3 : 0);
    }

    private static String action(String event) {
        return event.replaceFirst(".*\"action\":\"(\\w+)\".*", "$1");
    }
}
