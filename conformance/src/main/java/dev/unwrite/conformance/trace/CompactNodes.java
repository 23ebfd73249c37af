package dev.unwrite.conformance.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Trees of JSON that take two fifths of the memory of the usual ones: an hour of a campaign is two million lines, and all are
 * in memory together. Words and numbers that come again are there once, and an object is an array of its few fields. For one
 * thread, as far as parsing goes.
 */
final class CompactNodes extends JsonNodeFactory {
    private static final long serialVersionUID = 1;
    /** Numbers below are there once. */
    private static final int SMALL = 4096;
    /** So many words are remembered: names, roles, actions. */
    private static final int WORDS_MAX = 4096;
    /** So many large numbers are, those that came last: sessions, starts, terms. */
    private static final int LARGE = 1024;

    private final transient IntNode[] small = new IntNode[SMALL];
    private final transient LongNode[] large = new LongNode[LARGE];
    private final transient Map<String, TextNode> words = new HashMap<>();

    @Override
    public ObjectNode objectNode() {
        return new ObjectNode(this, new Fields());
    }

    @Override
    public NumericNode numberNode(int value) {
        if (value < 0 || value >= SMALL) {
            return IntNode.valueOf(value);
        }
        IntNode known = small[value];
        if (known == null) {
            known = IntNode.valueOf(value);
            small[value] = known;
        }
        return known;
    }

    @Override
    public NumericNode numberNode(long value) {
        int at = Long.hashCode(value) & LARGE - 1;
        LongNode known = large[at];
        if (known == null || known.longValue() != value) {
            known = LongNode.valueOf(value);
            large[at] = known;
        }
        return known;
    }

    @Override
    public TextNode textNode(String text) {
        TextNode known = words.get(text);
        if (known == null) {
            known = TextNode.valueOf(text);
            if (words.size() < WORDS_MAX) {
                words.put(text, known);
            }
        }
        return known;
    }

    /** The fields of an object, in their order; looked for one after the other while they are as few as a trace has. */
    private static final class Fields extends AbstractMap<String, JsonNode> {
        private static final int STEP = 8;
        private static final int FEW = 64;
        private static final Object[] NONE = {};

        private Object[] pairs = NONE;
        private int used;
        /** All of them, when they are more: somebody's file may hold anything. */
        private @Nullable Map<String, JsonNode> many;

        private int find(Object key) {
            for (int i = 0; i < used; i += 2) {
                if (pairs[i].equals(key)) {
                    return i;
                }
            }
            return -1;
        }

        @Override
        public @Nullable JsonNode get(Object key) {
            if (many != null) {
                return many.get(key);
            }
            int at = find(key);
            return at < 0 ? null : (JsonNode) pairs[at + 1];
        }

        @Override
        public boolean containsKey(Object key) {
            return many == null ? find(key) >= 0 : many.containsKey(key);
        }

        @Override
        public int size() {
            return many == null ? used / 2 : many.size();
        }

        @Override
        public @Nullable JsonNode put(String key, JsonNode value) {
            if (many == null && used == 2 * FEW) {
                many = new LinkedHashMap<>(this);
                pairs = NONE;
            }
            if (many != null) {
                return many.put(key, value);
            }
            int at = find(key);
            if (at >= 0) {
                JsonNode before = (JsonNode) pairs[at + 1];
                pairs[at + 1] = value;
                return before;
            }
            if (used == pairs.length) {
                pairs = Arrays.copyOf(pairs, used + STEP);
            }
            pairs[used] = key;
            pairs[used + 1] = value;
            used += 2;
            return null;
        }

        @Override
        public Set<Entry<String, JsonNode>> entrySet() {
            if (many != null) {
                return many.entrySet();
            }
            return new AbstractSet<>() {
                @Override
                public int size() {
                    return Fields.this.size();
                }

                @Override
                public Iterator<Entry<String, JsonNode>> iterator() {
                    return entries();
                }
            };
        }

        private Iterator<Entry<String, JsonNode>> entries() {
            return new Iterator<>() {
                private int next;

                @Override
                public boolean hasNext() {
                    return next < used;
                }

                @Override
                public Entry<String, JsonNode> next() {
                    if (next >= used) {
                        throw new NoSuchElementException();
                    }
                    next += 2;
                    return new SimpleImmutableEntry<>(
                            (String) Objects.requireNonNull(pairs[next - 2]), (JsonNode) pairs[next - 1]);
                }
            };
        }
    }
}
