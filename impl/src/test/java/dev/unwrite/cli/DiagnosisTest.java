package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Each situation in which a pair can be, from either side. */
class DiagnosisTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:05:00Z");
    private static final String CONTROL_A = "127.0.0.1:8001";
    private static final String CONTROL_B = "127.0.0.1:8002";

    /** A node as its status shows it. */
    private static final class Side {
        private final ObjectNode json = JsonNodeFactory.instance.objectNode();
        private final String control;

        Side(String name, String role, String mode) {
            boolean isA = name.equals("A");
            control = isA ? CONTROL_A : CONTROL_B;
            json.put("name", name).put("role", role).put("mode", mode).put("term", 3);
            json.putObject("peer")
                    .put("name", isA ? "B" : "A")
                    .put("address", isA ? "127.0.0.1:7002" : "127.0.0.1:7001")
                    .put("connected", true)
                    .put("lastHeardMillis", 50)
                    .put("control", isA ? CONTROL_B : CONTROL_A);
            json.putObject("storage").put("uri", "nbd://127.0.0.1:10809").put("connected", true);
            json.putObject("machine")
                    .put("kind", "none")
                    .put("state", "running")
                    .put("detail", "");
            json.putObject("undo").put("blocks", 1).put("bytes", 4096);
            record(7, "A", "protected", "B");
        }

        Side record(long version, String owner, String mode, String secondary) {
            json.putObject("record")
                    .put("version", version)
                    .put("owner", owner)
                    .put("mode", mode)
                    .put("secondary", secondary);
            return this;
        }

        Side term(long term) {
            json.put("term", term);
            return this;
        }

        Side silentFor(@Nullable Long millis) {
            ((ObjectNode) json.path("peer")).put("connected", false).put("lastHeardMillis", millis);
            return this;
        }

        Side note(String note) {
            ((ObjectNode) json.path("machine")).put("detail", note);
            return this;
        }

        Side machine(String state) {
            ((ObjectNode) json.path("machine")).put("state", state);
            return this;
        }

        Side noStorage() {
            ((ObjectNode) json.path("storage")).put("connected", false);
            return this;
        }

        Side unprotected() {
            json.put("unprotectedSince", "2026-01-02T03:04:00Z");
            return this;
        }

        Side undo(long bytes, long limit, long waiting) {
            ((ObjectNode) json.path("undo"))
                    .put("bytes", bytes)
                    .put("limitBytes", limit)
                    .put("waitingWrites", waiting);
            return this;
        }

        NodeView view() {
            return new NodeView(json, control);
        }
    }

    private static List<Diagnosis.Finding> of(Side own, @Nullable Side other) {
        return Diagnosis.of(own.view(), other == null ? null : other.view(), NOW);
    }

    /** The one thing that is wrong, in one line each. */
    private static void assertFinds(Side own, @Nullable Side other, String wrong, String todo) {
        List<Diagnosis.Finding> findings = of(own, other);
        assertThat(findings).hasSize(1);
        assertThat(findings.getFirst().wrong()).contains(wrong).doesNotContain("\n");
        assertThat(findings.getFirst().todo()).contains(todo).doesNotContain("\n");
    }

    /** The same from either node. */
    private static void assertBothFind(Side one, Side two, String wrong, String todo) {
        assertFinds(one, two, wrong, todo);
        assertFinds(two, one, wrong, todo);
    }

    private static Side primary() {
        return new Side("A", "primary", "protected");
    }

    private static Side secondary() {
        return new Side("B", "secondary", "protected");
    }

    private static Side solo() {
        return new Side("A", "primary", "solo").record(8, "A", "solo", "").unprotected();
    }

    private static Side idleA() {
        return new Side("A", "idle", "protected");
    }

    private static Side idleB() {
        return new Side("B", "idle", "solo").record(8, "A", "solo", "");
    }

    @Test
    void aHealthyPairNeedsNothing() {
        assertThat(of(primary(), secondary())).isEmpty();
        assertThat(of(secondary(), primary())).isEmpty();
        assertThat(of(secondary(), null)).isEmpty();
        assertThat(of(primary(), null)).isEmpty();
    }

    @Test
    void alone() {
        assertFinds(
                solo().silentFor(90_000L),
                null,
                "not protected (for 1 min 0 s): A is alone, B does not answer",
                "start B again");
    }

    @Test
    void aloneAndThePeerWasNeverSeen() {
        Side own = solo().silentFor(null);
        ((ObjectNode) own.json.path("peer")).putNull("name");
        assertFinds(own, null, "the node at 127.0.0.1:7002 does not answer", "joins by itself");
    }

    @Test
    void thePeerRunsAndTheNetworkBetweenThemDoesNot() {
        assertBothFind(
                solo().silentFor(9_000L),
                idleB().silentFor(9_000L),
                "not protected (for 1 min 0 s): A does not reach B, though that one runs",
                "--listen and --peer");
    }

    @Test
    void thePeerIsThereAndHasNotJoined() {
        assertBothFind(
                solo(),
                idleB().note("the disk is full"),
                "B is there and has not joined (the disk is full)",
                "unwrite protect --control " + CONTROL_A);
    }

    @Test
    void thePeerWaitsToJoinOneThatCannotBeAskedFromHere() {
        assertFinds(idleB().unprotected(), null, "B has not joined A yet", "unwrite protect --control " + CONTROL_B);
    }

    @Test
    void joining() {
        assertBothFind(
                new Side("A", "primary", "joining").record(8, "A", "solo", "").unprotected(),
                new Side("B", "secondary", "joining").record(8, "A", "solo", ""),
                "not protected yet (for 1 min 0 s): B gets the state",
                "unwrite protect --control " + CONTROL_A);
    }

    @Test
    void theStorageIsNotReached() {
        assertBothFind(
                primary(), secondary().noStorage(), "B does not reach the storage nbd://", "\"unwrite storage\" runs");
        assertFinds(primary().noStorage(), secondary().noStorage(), "A and B do not reach the storage", "runs there");
    }

    @Test
    void thePrimaryIsGone() {
        assertFinds(
                secondary().silentFor(8_000L),
                null,
                "B does not hear the primary A (for 8 s)",
                "if A is dead: unwrite failover --control " + CONTROL_B);
    }

    @Test
    void thePrimaryLostItsMemory() {
        assertBothFind(
                idleA().note("was the primary and lost its memory"),
                secondary(),
                "A was the primary and has started again without its memory; B has the checkpoint",
                "unwrite failover --control " + CONTROL_B);
    }

    @Test
    void bothAreIdle() {
        assertBothFind(
                idleA().note("was the primary and lost its memory"),
                new Side("B", "idle", "protected"),
                "A does not run the machine, and B has not taken it over",
                "unwrite failover --control " + CONTROL_B);
    }

    @Test
    void thePrimaryLostItsMemoryAndTheSecondaryIsDown() {
        assertFinds(
                idleA().silentFor(null),
                null,
                "B, which has the checkpoint, does not answer",
                "start B again, then: unwrite failover --control " + CONTROL_B);
    }

    @Test
    void theCheckpointIsGone() {
        assertBothFind(
                idleA(),
                new Side("B", "idle", "protected").note("it holds no checkpoint of term 3"),
                "B should have the checkpoint and does not (it holds no checkpoint of term 3)",
                "start from the disk: unwrite failover --cold --control " + CONTROL_A);
    }

    @Test
    void theOwnerWasAloneAndIsDown() {
        assertFinds(
                idleB().silentFor(60_000L),
                null,
                "A ran the machine alone and does not answer; nobody else may go on",
                "start A again");
    }

    @Test
    void theOwnerIsStarting() {
        Side owner = new Side("A", "idle", "solo").record(8, "A", "solo", "").note("reads the disk");
        assertBothFind(owner, idleB(), "A is the owner and does not run the machine yet (reads the disk)", CONTROL_A);
    }

    @Test
    void oldDataIsBeingWrittenBack() {
        assertBothFind(
                new Side("B", "restoring", "none").record(9, "B", "rollback", ""),
                idleA(),
                "B is not ready to serve yet",
                "unwrite status --control " + CONTROL_B);
    }

    @Test
    void nobodyHasEverBeenPrimary() {
        assertBothFind(
                new Side("A", "idle", "none").record(0, "", "none", ""),
                new Side("B", "idle", "none").record(0, "", "none", ""),
                "no node has ever been primary of this group",
                "--bootstrap");
    }

    @Test
    void twoSayThatTheyArePrimary() {
        assertBothFind(
                primary().silentFor(9_000L),
                new Side("B", "primary", "solo")
                        .term(4)
                        .record(9, "B", "solo", "")
                        .silentFor(9_000L),
                "B is, in term 4; A, of term 3, is fenced",
                "send clients to B");
    }

    @Test
    void theUndoLogIsNearItsLimit() {
        assertThat(of(primary(), secondary().undo(700, 1000, 0))).isEmpty();
        assertBothFind(
                primary(),
                secondary().undo(800 << 20, 1L << 30, 0),
                "the undo log of B holds 800 MiB of 1 GiB",
                "unwrite checkpoint --control " + CONTROL_A);
        assertBothFind(
                primary().undo(950 << 20, 1L << 30, 12),
                secondary().undo(950 << 20, 1L << 30, 0),
                "the undo log of A holds 950 MiB of 1 GiB, and 12 writes wait for a checkpoint",
                "--undo-limit");
    }

    @Test
    void theMachineCannotGoOn() {
        assertBothFind(
                primary().machine("failed").note("its disk is damaged"),
                secondary(),
                "the machine on A cannot go on (its disk is damaged)",
                "unwrite failover --control " + CONTROL_B);
    }

    @Test
    void aProtectedPrimaryDoesNotHearItsSecondary() {
        assertFinds(primary().silentFor(2_500L), null, "A does not hear B (for 2 s)", "start it again");
        assertBothFind(
                primary().silentFor(2_500L),
                secondary(),
                "A does not hear B (for 2 s), though that one runs",
                "--peer");
    }
}
