package dev.unwrite.spec.value;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A value of TLA+, as far as TLC prints it. Collections keep the order in which TLC printed them, which is the same
 * for equal values of one run, so that {@code equals} is equality of values. {@code toString} is TLA+ again, on one
 * line.
 */
public sealed interface TlaValue {
    /** A whole number. */
    record Int(long value) implements TlaValue {
        @Override
        public String toString() {
            return Long.toString(value);
        }
    }

    /** TRUE or FALSE. */
    record Bool(boolean value) implements TlaValue {
        @Override
        public String toString() {
            return value ? "TRUE" : "FALSE";
        }
    }

    /** A string. */
    record Str(String value) implements TlaValue {
        @Override
        public String toString() {
            return '"' + value + '"';
        }
    }

    /** A model value: a constant that equals only itself. */
    record ModelValue(String name) implements TlaValue {
        @Override
        public String toString() {
            return name;
        }
    }

    /** A set, its elements in TLC's order. */
    record SetOf(List<TlaValue> elements) implements TlaValue {
        @Override
        public String toString() {
            return elements.stream().map(TlaValue::toString).collect(Collectors.joining(", ", "{", "}"));
        }
    }

    /** A sequence or tuple; also a function whose domain is {@code 1..n}, which TLC prints the same way. */
    record Seq(List<TlaValue> elements) implements TlaValue {
        @Override
        public String toString() {
            return elements.stream().map(TlaValue::toString).collect(Collectors.joining(", ", "<<", ">>"));
        }
    }

    /** A function; a record is a function whose keys are strings. */
    record Fcn(Map<TlaValue, TlaValue> entries) implements TlaValue {
        /** The value of a record's field, or of a function at a string or a model value of this name. */
        public Optional<TlaValue> field(String name) {
            TlaValue byString = entries.get(new Str(name));
            return Optional.ofNullable(byString != null ? byString : entries.get(new ModelValue(name)));
        }

        /** Whether all keys are strings, so that it reads as a record. */
        public boolean isRecord() {
            return entries.keySet().stream().allMatch(Str.class::isInstance);
        }

        @Override
        public String toString() {
            if (!entries.isEmpty() && isRecord()) {
                return entries.entrySet().stream()
                        .map(entry -> entry.getKey().plain() + " |-> " + entry.getValue())
                        .collect(Collectors.joining(", ", "[", "]"));
            }
            return entries.entrySet().stream()
                    .map(entry -> entry.getKey() + " :> " + entry.getValue())
                    .collect(Collectors.joining(" @@ ", "(", ")"));
        }
    }

    /** Text that this parser does not know; better shown as it came than not at all. */
    record Raw(String text) implements TlaValue {
        @Override
        public String toString() {
            return text;
        }
    }

    /** As {@code toString}, but a string without its quotes. */
    default String plain() {
        return this instanceof Str string ? string.value() : toString();
    }
}
