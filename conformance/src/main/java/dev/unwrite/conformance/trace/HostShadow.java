package dev.unwrite.conformance.trace;

import dev.unwrite.conformance.trace.NodeLog.Tag;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a host has in local storage after the events so far: it shows what a crash cut off. */
final class HostShadow {
    final NavigableMap<Tag, Set<Integer>> log = new TreeMap<>();
    /** What was asked for and is not stored. */
    private final NavigableMap<Tag, Set<Integer>> reading = new TreeMap<>();
    /** What of it the specification has not read yet, with the step by which it does. */
    private final NavigableMap<Tag, Map<Integer, String>> unread = new TreeMap<>();

    final Set<Tag> staged = new TreeSet<>();

    @Nullable
    Tag checkpoint;

    /** For each flush that is not answered: the blocks that the machine wrote after it. */
    private final Map<Integer, Set<Integer>> writtenSince = new HashMap<>();

    /** Whether a process of this host was started. */
    boolean started;
    /** Whether it was fenced and has not noticed: what it does has no effect, until it steps down. */
    boolean ignored;
    /** Whether the storage started again since the host last changed the record. */
    boolean sessionLost;
    /** Whether it was restoring when it was last seen. */
    boolean restoring;
    /** Whether the specification has a cold owner that has not flushed. */
    boolean coldDirty;

    /** Copies that were being stored when their host stood aside, or were discarded: a later start may find them, and never needs them. */
    final NavigableMap<Tag, Set<Integer>> abandoned = new TreeMap<>();
    /** How many of them the present process found. */
    int found;

    void askedFlush(int id) {
        writtenSince.put(id, new HashSet<>());
    }

    void machineWrote(int block) {
        writtenSince.values().forEach(blocks -> blocks.add(block));
    }

    /** The blocks that the machine wrote since it asked for this flush, which is answered. */
    Set<Integer> answeredFlush(int id) {
        Set<Integer> blocks = writtenSince.remove(id);
        return blocks == null ? Set.of() : blocks;
    }

    /** No flush of before is ever answered: the machine is another one. */
    void forgetFlushes() {
        writtenSince.clear();
    }

    void commit(Tag tag) {
        checkpoint = tag;
        since(log, tag);
        since(reading, tag);
        since(unread, tag);
        staged.removeIf(other -> other.compareTo(tag) <= 0);
    }

    void follow(long term) {
        since(log, new Tag(term, 0));
        log.tailMap(new Tag(term + 1, 0), true).clear();
        Tag held = checkpoint;
        checkpoint = held != null && held.term() == term ? held : null;
        found = 0;
    }

    private static void since(NavigableMap<Tag, ?> map, Tag tag) {
        map.headMap(tag, false).clear();
    }

    void askedToRead(Tag tag, int block, String step) {
        reading.computeIfAbsent(tag, t -> new HashSet<>()).add(block);
        unread.computeIfAbsent(tag, t -> new HashMap<>()).put(block, step);
    }

    /** The block is read now, by this step; null if it was, or need not be. */
    @Nullable
    String reads(Tag tag, int block) {
        Map<Integer, String> blocks = unread.get(tag);
        return blocks == null ? null : blocks.remove(block);
    }

    void store(Tag tag, int block) {
        Set<Integer> blocks = reading.get(tag);
        if (blocks != null) {
            blocks.remove(block);
        }
        log.computeIfAbsent(tag, t -> new HashSet<>()).add(block);
    }

    /** A crash may bring discarded copies back. */
    void discardAll() {
        abandon(log);
        log.clear();
        checkpoint = null;
        found = 0;
    }

    void forgetMirror() {
        reading.clear();
        unread.clear();
        staged.clear();
    }

    /** What is being stored is not waited for any more. */
    void abandon() {
        abandon(reading);
        forgetMirror();
    }

    private void abandon(Map<Tag, Set<Integer>> copies) {
        copies.forEach((tag, blocks) ->
                abandoned.computeIfAbsent(tag, t -> new HashSet<>()).addAll(blocks));
    }

    boolean hasAbandoned(Tag tag, int block) {
        return abandoned.getOrDefault(tag, Set.of()).contains(block);
    }

    boolean isReading(Tag tag, int block) {
        return reading.getOrDefault(tag, Set.of()).contains(block);
    }

    boolean holds(Tag tag, int block) {
        return log.getOrDefault(tag, Set.of()).contains(block);
    }
}
