package dev.unwrite.spec.trace;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;

/**
 * Many traces in one file: a line {@code run Q} before the events of each, where Q is the number of the event to be
 * explained, or 0.
 *
 * @param events a sequence of sequences
 * @param questions a sequence of numbers
 * @param count how many runs
 */
record RunsFile(Value events, Value questions, int count) {
    private static final String HEADER = "run ";

    /** The line before the events of a run. */
    static String header(int question) {
        return HEADER + question;
    }

    static RunsFile read(Path file) throws IOException {
        List<Value> runs = new ArrayList<>();
        List<Value> questions = new ArrayList<>();
        List<Value> events = new ArrayList<>();
        TraceValues values = new TraceValues();
        int line = 0;
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                line++;
                if (text.startsWith(HEADER)) {
                    if (!questions.isEmpty()) {
                        runs.add(new TupleValue(events.toArray(Value[]::new)));
                        events.clear();
                    }
                    questions.add(IntValue.gen(Integer.parseInt(text.substring(HEADER.length()))));
                } else {
                    events.add(values.event(text, file, line));
                }
            }
        }
        if (questions.isEmpty()) {
            throw new IOException(file + " has no run");
        }
        runs.add(new TupleValue(events.toArray(Value[]::new)));
        return new RunsFile(
                new TupleValue(runs.toArray(Value[]::new)),
                new TupleValue(questions.toArray(Value[]::new)),
                questions.size());
    }
}
