package dev.unwrite.conformance.trace;

import dev.unwrite.spec.value.TlaParser;
import dev.unwrite.spec.value.TlaValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the specification reported of many runs. */
final class Reports {
    private final Map<String, List<TlaValue.Fcn>> byRun = new HashMap<>();

    private Reports() {}

    static Reports read(Path file) throws IOException {
        Reports reports = new Reports();
        for (String line : Files.readAllLines(file)) {
            if (TlaParser.value(line) instanceof TlaValue.Fcn report) {
                String run = report.field("run").map(TlaValue::plain).orElse("");
                reports.byRun.computeIfAbsent(run, r -> new ArrayList<>()).add(report);
            }
        }
        return reports;
    }

    /** Of one run, counted from 1. */
    List<TlaValue.Fcn> of(int run) {
        return byRun.getOrDefault(Integer.toString(run), List.of());
    }
}
