package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.trace.TraceFolder;
import dev.unwrite.conformance.trace.TraceJudgment;
import dev.unwrite.conformance.trace.TraceValidation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Validates each folder of traces in the folder that is the argument, with the real code; says which is the first that is rejected. */
final class ValidateMain {
    private ValidateMain() {}

    static void main(String[] args) throws Exception {
        List<Path> folders;
        try (Stream<Path> found = Files.list(Path.of(args[0]))) {
            folders = found.filter(Files::isDirectory).sorted().toList();
        }
        List<TraceFolder> runs = new ArrayList<>();
        for (Path folder : folders) {
            runs.add(TraceFolder.read(List.of(folder)));
        }
        List<TraceJudgment> verdicts = TraceValidation.validateAll(runs);
        for (int i = 0; i < verdicts.size(); i++) {
            if (verdicts.get(i) instanceof TraceJudgment.Rejected rejected) {
                System.out.println(ChildJvm.CAUGHT + " seed " + folders.get(i).getFileName() + ": "
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
