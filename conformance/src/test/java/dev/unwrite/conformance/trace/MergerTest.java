package dev.unwrite.conformance.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The order of events, where clocks say another one. */
class MergerTest {
    private static final long HOUR = 3_600_000_000L;
    private static final long SESSION = (1L << 32) | 3;
    private static final long READER = (1L << 32) | 4;
    private static final int OLD = 5;
    private static final int NEW = 7;
    private static final String SOLO = "\"owner\":\"A\",\"mode\":\"solo\",\"secondary\":\"\",\"base\":1}";
    private static final String PROTECTED = "\"owner\":\"A\",\"mode\":\"protected\",\"secondary\":\"B\",\"base\":1}";

    private final Map<String, List<String>> files = new TreeMap<>();
    private long time = 1_000_000;
    /** The epoch of A. */
    private int begun;

    private String mode = "solo";
    private int safe = -1;
    private String cuts = "";
    private int lifeOfB = 1;
    /** What is written and copied. */
    private String extent = "[0,5,1]";

    /** The next event; processes that are late have a clock that is an hour ahead. */
    private void says(String node, String action, String fields, String after) {
        int start = node.equals("B") ? lifeOfB : 1;
        List<String> lines = files.computeIfAbsent(node + "-" + start + ".ndjson", file -> new ArrayList<>());
        long t = node.equals("B") ? time + HOUR : time;
        time += 100;
        lines.add("{\"seq\":" + lines.size() + ",\"t\":" + t + ",\"node\":\"" + node + "\",\"start\":" + start
                + ",\"action\":\""
                + action + "\"" + (node.equals("storage") ? ",\"group\":\"g\"" : "") + fields
                + (after.isEmpty() ? "" : ",\"after\":" + after) + "}");
    }

    private void storage(String action, String fields) {
        says("storage", action, fields, "");
    }

    private String after(String role, int term, int begun, long session, int version, int epoch) {
        return "{\"role\":\"" + role + "\",\"term\":" + term + ",\"mode\":\"" + (role.equals("primary") ? mode : "solo")
                + "\",\"epoch\":" + begun + ",\"session\":" + session
                + ",\"version\":" + version + ",\"pending\":0,\"kept\":0,\"dirty\":0,\"owed\":0,\"asked\":0,\"owes\":0,"
                + "\"cuts\":[" + cuts + "],\"safe\":" + (role.equals("primary") ? safe : -1)
                + ",\"copies\":0,\"ckptTerm\":" + (epoch < 0 ? 0 : 1) + ",\"ckptEpoch\":" + epoch
                + "}";
    }

    private void a(String action, String fields, int version) {
        boolean starting = action.equals("Bootstrap") || (action.equals("Flush") && version == 1);
        says("A", action, fields, after(starting ? "cold" : "primary", 1, begun, SESSION, version, -1));
    }

    private void b(String action, String fields, int epoch) {
        says("B", action, fields, after("secondary", 1, 0, 0, 1, epoch));
    }

    private void idle(String node, String action, String fields) {
        says(node, action, fields, after("idle", 0, 0, 0, 0, -1));
    }

    private static String record(int version, String rest) {
        return ",\"record\":{\"version\":" + version + ",\"term\":1," + rest;
    }

    private static String owner(int version, String rest) {
        return ",\"host\":\"A\",\"session\":" + SESSION + record(version, rest);
    }

    /** A has written the block, and is protected by B. */
    private void pair() {
        storage(
                "Boot",
                ",\"storage\":\"s\",\"boot\":1,\"volumes\":[\"data\"],\"record\":{\"version\":0,\"term\":0,\"owner\":\"\","
                        + "\"mode\":\"none\",\"secondary\":\"\",\"base\":0}");
        storage("Session", ",\"host\":\"A\",\"session\":" + SESSION + ",\"term\":1");
        String unowned =
                ",\"record\":{\"version\":0,\"term\":0,\"owner\":\"\",\"mode\":\"none\",\"secondary\":\"\",\"base\":0}";
        idle("A", "Restart", ",\"storage\":\"\",\"folder\":\"a\",\"undo\":\"u\",\"log\":[]");
        idle("A", "Propose", unowned + ",\"change\":\"BOOTSTRAP\"");
        storage("Record", owner(1, SOLO));
        a("Bootstrap", record(1, SOLO) + ",\"session\":" + SESSION, 1);
        storage("Flushed", ",\"host\":\"A\",\"session\":" + SESSION + ",\"volume\":0");
        a("Flush", ",\"session\":" + SESSION + ",\"extents\":[]", 1);
        a("ColdRead", "", 1);
        write(1, OLD, 1);
        done(1, OLD, 1);
        idle("B", "Restart", ",\"storage\":\"s\",\"folder\":\"b\",\"undo\":\"v\",\"log\":[]");
        storage("Session", ",\"host\":\"B\",\"session\":" + READER + ",\"term\":1");
        join(1, 1);
    }

    /** B commits the state of that epoch, and the record says so in the next version. */
    private void join(int epoch, int version) {
        String tag = ",\"term\":1,\"epoch\":" + epoch;
        begun = epoch;
        cuts = Integer.toString(epoch);
        mode = "joining";
        a("StartJoin", tag, version);
        cuts = "";
        if (epoch == 1) {
            b("FollowJoin", record(1, SOLO), -1);
        }
        b("StagePart", tag, epoch - 1);
        b("Commit", tag, epoch);
        safe = epoch;
        a("LearnCommitted", tag, version);
        a("Propose", record(version, SOLO) + ",\"change\":\"PROTECT\"", version);
        storage("Record", owner(version + 1, PROTECTED));
        a("Protect", record(version + 1, PROTECTED), version + 1);
        mode = "protected";
        a("Learn", record(version + 1, PROTECTED), version + 1);
    }

    private void write(int id, int value, int version) {
        a("MachineWrite", ",\"id\":" + id + ",\"extent\":" + extent + ",\"values\":[" + value + "]", version);
    }

    private void done(int id, int value, int version) {
        a("SendWrite", ",\"id\":" + id + ",\"extent\":" + extent, version);
        storage(
                "Apply",
                ",\"host\":\"A\",\"session\":" + SESSION + ",\"extent\":" + extent + ",\"values\":[" + value + "]");
        a("WriteDone", ",\"id\":" + id + ",\"extent\":" + extent, version);
    }

    private void asks() {
        b("ReadOld", ",\"term\":1,\"epoch\":1,\"extents\":[" + extent + "]", 1);
    }

    private void read(int value) {
        storage(
                "Read",
                ",\"host\":\"B\",\"session\":" + READER + ",\"epoch\":1,\"extent\":" + extent + ",\"values\":[" + value
                        + "]");
    }

    private void stores(int value) {
        b(
                "StoreCopy",
                ",\"term\":1,\"epoch\":1,\"extent\":" + extent + ",\"session\":" + READER + ",\"values\":[" + value
                        + "]",
                1);
    }

    private void goesAlone(int version) {
        a("Propose", record(version, PROTECTED) + ",\"change\":\"GO_ALONE\"", version);
        storage("Record", owner(version + 1, SOLO));
        a("GoAlone", record(version + 1, SOLO), version + 1);
        mode = "solo";
        a("Learn", record(version + 1, SOLO), version + 1);
    }

    private List<String> order() throws Exception {
        return new Merger(TraceFolder.of(files))
                .merge().stream()
                        .filter(step -> List.of("ReadOld", "ReadAround", "StoreCopy", "Apply")
                                .contains(step.action()))
                        .map(step -> step.action() + " at " + step.source().place())
                        .map(place -> place.replaceAll("-[12].ndjson, line .*", ""))
                        .toList();
    }

    /** Its acknowledgment was lost, and what it copied is written once more later. */
    @Test
    void aReadComesBeforeTheWriteOfAHostThatHasGoneAlone() throws Exception {
        pair();
        write(2, NEW, 2);
        asks();
        read(OLD);
        stores(OLD);
        goesAlone(2);
        done(2, NEW, 3);
        join(2, 3);
        write(3, OLD, 4);
        goesAlone(4);
        done(3, OLD, 5);

        assertThat(order())
                .containsExactly(
                        "Apply at storage",
                        "ReadOld at storage",
                        "Apply at storage",
                        "StoreCopy at B",
                        "Apply at storage");
    }

    /** What stood there when it was asked for came again before it was read: contents cannot tell which of both it was. */
    @Test
    void aReadComesWhereTheStorageSaysThoughItsContentWasThereBefore() throws Exception {
        pair();
        write(2, NEW, 2);
        asks();
        goesAlone(2);
        done(2, NEW, 3);
        write(3, OLD, 3);
        done(3, OLD, 3);
        read(OLD);
        write(4, NEW, 3);
        done(4, NEW, 3);
        stores(OLD);

        assertThat(order())
                .containsExactly(
                        "Apply at storage",
                        "Apply at storage",
                        "Apply at storage",
                        "ReadOld at storage",
                        "Apply at storage",
                        "StoreCopy at B");
    }

    /** By the clocks they were stored before they were read; all of them were read before any was stored (AroundWhileAsked). */
    @Test
    void whatLiesBesideIsReadBeforeWhatWasAskedForIsStored() throws Exception {
        pair();
        write(2, NEW, 2);
        asks();
        b("ReadAround", ",\"term\":1,\"epoch\":1,\"extents\":[[0,6,1]]", 1);
        String both = ",\"extent\":[0,5,2],\"values\":[" + OLD + "," + OLD + "]";
        b("StoreCopy", ",\"term\":1,\"epoch\":1,\"session\":" + READER + both, 1);
        time += 2 * HOUR;
        storage("Read", ",\"host\":\"B\",\"session\":" + READER + ",\"epoch\":1" + both);

        assertThat(order())
                .containsExactly(
                        "Apply at storage", "ReadOld at B", "ReadAround at B", "StoreCopy at B", "StoreCopy at B");
    }

    /** Nobody wrote it before, and it is written later: only the storage tells that it was there at first. */
    @Test
    void whatWasInABlockAtFirstMayBeWrittenToIt() throws Exception {
        pair();
        extent = "[0,6,1]";
        write(2, NEW, 2);
        asks();
        read(OLD);
        stores(OLD);
        a("RecvPreserved", ",\"term\":1,\"epoch\":1,\"extents\":[" + extent + "]", 2);
        done(2, NEW, 2);
        write(3, OLD, 2);
        done(3, OLD, 2);

        assertThat(order())
                .containsExactly(
                        "Apply at storage",
                        "ReadOld at storage",
                        "StoreCopy at B",
                        "Apply at storage",
                        "Apply at storage");
    }

    @Test
    void aReadThatSaysToHaveSeenWhatWasWrittenAfterItIsRejected() {
        pair();
        write(2, NEW, 2);
        asks();
        goesAlone(2);
        read(NEW);
        done(2, NEW, 3);
        stores(NEW);

        assertThatThrownBy(this::order)
                .isInstanceOf(MergeRejectedException.class)
                .hasMessageContaining("held 5, and was read as 7");
    }

    @Test
    void aCopyThatNoReadGaveIsRejected() {
        pair();
        write(2, NEW, 2);
        asks();
        stores(OLD);

        assertThatThrownBy(this::order)
                .isInstanceOf(MergeRejectedException.class)
                .hasMessageContaining("StoreCopy waits for Read of block 5");
    }

    /** It was killed before it could say so, and only the storage knows what it read. */
    @Test
    void aCopyThatAStartFindsWasReadWhereTheStorageSays() throws Exception {
        pair();
        write(2, NEW, 2);
        asks();
        read(OLD);
        goesAlone(2);
        done(2, NEW, 3);
        lifeOfB = 2;
        says(
                "B",
                "Restart",
                ",\"storage\":\"s\",\"folder\":\"b\",\"undo\":\"v\",\"log\":[[1,1,0,5,1]]",
                after("idle", 0, 0, 0, 0, 1).replace("\"copies\":0", "\"copies\":1"));

        assertThat(order())
                .containsExactly("Apply at storage", "ReadOld at storage", "Apply at storage", "StoreCopy at B");
    }

    @Test
    void aTraceThatDoesNotNameItsReadsIsRefused() {
        pair();
        asks();
        b("StoreCopy", ",\"term\":1,\"epoch\":1,\"extent\":" + extent + ",\"values\":[" + OLD + "]", 1);

        assertThatThrownBy(() -> TraceFolder.of(files))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("StoreCopy does not say in which session it was read");
    }
}
