package dev.unwrite.spec.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/**
 * Turns lines of JSON into values of TLC. Refuses what TLA+ has no value for, naming the line. What is alike is there once:
 * all events of a trace are in memory together, and an hour of a campaign has millions.
 */
final class TraceValues {
    private static final JsonFactory JSON = new JsonFactory();

    private final Map<String, StringValue> strings = new HashMap<>();
    private final Map<Integer, IntValue> numbers = new HashMap<>();
    private final Map<List<UniqueString>, Shape> shapes = new HashMap<>();

    /** The names of a record's fields in TLC's order, and where each stands in the text. */
    private record Shape(UniqueString[] names, int[] order) {
        static Shape of(List<UniqueString> names) {
            Value[] places = new Value[names.size()];
            for (int i = 0; i < places.length; i++) {
                places[i] = IntValue.gen(i);
            }
            RecordValue sorted = new RecordValue(names.toArray(UniqueString[]::new), places, false);
            sorted.normalize();
            int[] order = new int[places.length];
            for (int i = 0; i < order.length; i++) {
                order[i] = ((IntValue) sorted.values[i]).val;
            }
            return new Shape(sorted.names, order);
        }

        RecordValue record(List<Value> inText) {
            Value[] values = new Value[order.length];
            for (int i = 0; i < order.length; i++) {
                values[i] = inText.get(order[i]);
            }
            return new RecordValue(names, values, true);
        }
    }

    static Value read(Path file) throws IOException {
        TraceValues values = new TraceValues();
        List<Value> events = new ArrayList<>();
        int line = 0;
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                line++;
                if (!text.isBlank()) {
                    events.add(values.event(text, file, line));
                }
            }
        }
        return new TupleValue(events.toArray(Value[]::new));
    }

    Value event(String text, Path file, int line) throws IOException {
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("an event is an object");
            }
            Value event = object(parser);
            if (parser.nextToken() != null) {
                throw new IOException("one event a line, no more");
            }
            return event;
        } catch (IOException e) {
            throw new IOException(file + ", line " + line + ": " + e.getMessage(), e);
        }
    }

    private Value value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_STRING -> strings.computeIfAbsent(parser.getText(), StringValue::new);
            case VALUE_TRUE -> BoolValue.ValTrue;
            case VALUE_FALSE -> BoolValue.ValFalse;
            // Beyond 31 bits it throws, as it should.
            case VALUE_NUMBER_INT -> numbers.computeIfAbsent(parser.getIntValue(), IntValue::gen);
            case START_ARRAY -> array(parser);
            case START_OBJECT -> object(parser);
            default -> throw new IOException("TLA+ has no value for " + parser.getText());
        };
    }

    private Value array(JsonParser parser) throws IOException {
        List<Value> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(value(parser));
        }
        return new TupleValue(elements.toArray(Value[]::new));
    }

    private Value object(JsonParser parser) throws IOException {
        List<UniqueString> names = new ArrayList<>();
        List<Value> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            names.add(UniqueString.uniqueStringOf(parser.currentName()));
            parser.nextToken();
            values.add(value(parser));
        }
        return shapes.computeIfAbsent(names, Shape::of).record(values);
    }
}
