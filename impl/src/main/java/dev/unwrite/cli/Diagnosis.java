package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with a pair, and what to do, from the status of its nodes. Pure. */
final class Diagnosis {
    /** The longest silence that is normal; nodes send a heartbeat ten times a second. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(2);
    /** The share of the undo log's limit, in percent, at which a person should act. Writes wait at 90. */
    private static final int UNDO_NEAR = 75;

    private final NodeView own;
    private final @Nullable NodeView other;
    private final Instant now;
    private final List<Finding> findings = new ArrayList<>();

    /** One thing that is wrong; each text is one line. */
    record Finding(String wrong, String todo) {}

    private Diagnosis(NodeView own, @Nullable NodeView other, Instant now) {
        this.own = own;
        this.other = other;
        this.now = now;
    }

    /** What is worst comes first; empty if all is well. {@code other} is null if the other node does not answer. */
    static List<Finding> of(NodeView own, @Nullable NodeView other, Instant now) {
        return new Diagnosis(own, other, now).find();
    }

    private List<Finding> find() {
        storage();
        NodeView primary = primary();
        if (primary != null) {
            NodeView second = primary.equals(own) ? other : own;
            if (second != null && second.is("primary")) {
                fenced(primary, second);
            }
            machine(primary, second);
            undo(primary, second);
            running(primary, second);
        } else if (nodes().anyMatch(node -> node.is("restoring"))) {
            nodes().filter(node -> node.is("restoring")).forEach(this::restoring);
        } else {
            noPrimary();
        }
        return findings;
    }

    private void add(String wrong, String todo) {
        findings.add(new Finding(wrong, todo));
    }

    private Stream<NodeView> nodes() {
        return Stream.of(own, other).filter(node -> node != null);
    }

    private @Nullable NodeView named(String name) {
        return nodes().filter(node -> node.name().equals(name)).findFirst().orElse(null);
    }

    /** The one that runs the machine: of two that say so, the one with the higher term. */
    private @Nullable NodeView primary() {
        return nodes().filter(node -> node.is("primary"))
                .reduce((a, b) -> b.term() > a.term() ? b : a)
                .orElse(null);
    }

    private void storage() {
        List<String> without = nodes().filter(node -> !node.storageConnected())
                .map(NodeView::name)
                .toList();
        if (!without.isEmpty()) {
            add(
                    String.join(" and ", without) + (without.size() == 1 ? " does" : " do") + " not reach the storage "
                            + own.storage(),
                    "see that \"unwrite storage\" runs there and can be reached; nodes go on by themselves");
        }
    }

    private void fenced(NodeView primary, NodeView second) {
        add(
                "both say that they are primary: " + primary.name() + " is, in term " + primary.term() + "; "
                        + second.name() + ", of term " + second.term() + ", is fenced, and none of its writes counts",
                "send clients to " + primary.name() + "; " + second.name()
                        + " learns it when it reaches the storage; stop it if it does not");
    }

    private void machine(NodeView primary, @Nullable NodeView second) {
        if (primary.machineState().equals("failed")) {
            String todo = second != null && second.is("secondary") && second.mode("protected")
                    ? "let " + second.name() + " go on from the last checkpoint: unwrite failover --control "
                            + second.control()
                    : "mend that; if it does not go on by itself, start " + primary.name() + " again";
            add("the machine on " + primary.name() + " cannot go on" + because(primary.note()), todo);
        }
    }

    private void undo(NodeView primary, @Nullable NodeView second) {
        for (NodeView node : second == null ? List.of(primary) : List.of(primary, second)) {
            JsonNode undo = node.json().path("undo");
            long bytes = undo.path("bytes").asLong();
            long limit = undo.path("limitBytes").asLong();
            long waiting = undo.path("waitingWrites").asLong();
            if (waiting > 0 || (limit > 0 && bytes >= limit / 100 * UNDO_NEAR)) {
                String full = "the undo log of " + node.name() + " holds " + Sizes.format(bytes)
                        + (limit > 0 ? " of " + Sizes.format(limit) : "");
                add(
                        full + (waiting > 0 ? ", and " + waiting + " writes wait for a checkpoint" : ""),
                        "take one: unwrite checkpoint --control " + primary.control()
                                + " (and more often, or start both nodes with a larger --undo-limit)");
                return;
            }
        }
    }

    private void running(NodeView primary, @Nullable NodeView second) {
        if (second != null && second.is("primary")) {
            return;
        }
        String name = second == null ? primary.peerName() : second.name();
        if (primary.mode("solo")) {
            alone(primary, second, name);
        } else if (primary.mode("joining")) {
            add(
                    "not protected yet" + since(primary) + ": " + name + " gets the state of the machine",
                    "wait for it: unwrite protect --control " + primary.control());
        } else if (silent(primary)) {
            add(
                    primary.name() + " does not hear " + name + silence(primary)
                            + (second == null ? "" : ", though that one runs"),
                    second == null ? "see whether " + name + " runs; start it again if not" : mendNetwork());
        }
    }

    private void alone(NodeView primary, @Nullable NodeView second, String name) {
        String wrong = "not protected" + since(primary) + ": ";
        if (second != null && !primary.peerConnected()) {
            add(wrong + primary.name() + " does not reach " + name + ", though that one runs", mendNetwork());
        } else if (primary.peerConnected() && !silent(primary)) {
            String note = second == null || second.note().isEmpty() ? primary.note() : second.note();
            add(
                    wrong + name + " is there and has not joined" + because(note),
                    "wait for it: unwrite protect --control " + primary.control());
        } else {
            add(
                    wrong + primary.name() + " is alone, " + name + " does not answer" + because(primary.note()),
                    "start " + name + " again (unwrite node, with its own --data); it joins by itself");
        }
    }

    private void restoring(NodeView node) {
        add(
                node.name() + " is not ready to serve yet" + because(node.note()),
                "wait for it: unwrite status --control " + node.control());
    }

    /** Nobody that answers runs the machine. */
    private void noPrimary() {
        JsonNode record = nodes().map(NodeView::ownership)
                .filter(JsonNode::isObject)
                .reduce((a, b) -> b.path("version").asLong() > a.path("version").asLong() ? b : a)
                .orElse(MissingNode.getInstance());
        String owner = record.path("owner").asText();
        if (owner.isEmpty()) {
            if (own.storageConnected()) {
                add(
                        "no node has ever been primary of this group",
                        "start one of the nodes with --bootstrap; the other one joins it");
            }
            return;
        }
        if (record.path("mode").asText().equals("protected")) {
            wasProtected(owner, record.path("secondary").asText());
        } else {
            wasAlone(owner);
        }
    }

    private void wasProtected(String owner, String secondary) {
        NodeView first = named(owner);
        NodeView second = named(secondary);
        if (second == null) {
            add(
                    owner + " was the primary and has started again without its memory; " + secondary
                            + ", which has the checkpoint, does not answer",
                    "start " + secondary + " again, then: unwrite failover --control "
                            + (first == null ? NodeView.PLACE : first.peerControl()));
        } else if (!second.is("secondary") && second.note().isEmpty()) {
            add(owner + " does not run the machine, and " + secondary + " has not taken it over", takeOver(second));
        } else if (!second.is("secondary")) {
            add(
                    secondary + " should have the checkpoint and does not" + because(second.note()),
                    "start " + secondary
                            + " with the --data that it had; if that is gone for good, start from the disk:"
                            + " unwrite failover --cold --control "
                            + (first == null ? second.peerControl() : first.control()));
        } else if (first != null) {
            add(
                    owner + " was the primary and has started again without its memory; " + secondary
                            + " has the checkpoint",
                    takeOver(second));
        } else if (silent(second)) {
            add(
                    secondary + " does not hear the primary " + owner + silence(second),
                    "if " + owner + " is dead: unwrite failover --control " + second.control() + "; if it runs, "
                            + mendNetwork());
        }
    }

    private void wasAlone(String owner) {
        NodeView first = named(owner);
        if (first == null && !silent(own)) {
            // It could not be asked from here, but the node that was asked hears it.
            add(
                    "not protected" + since(own) + ": " + own.name() + " has not joined " + owner + " yet"
                            + because(own.note()),
                    "wait for it: unwrite protect --control " + own.control());
        } else if (first == null) {
            add(
                    owner + " ran the machine alone and does not answer; nobody else may go on",
                    "start " + owner + " again (unwrite node, with its own --data)");
        } else {
            add(
                    owner + " is the owner and does not run the machine yet" + because(first.note()),
                    "wait for it: unwrite status --control " + first.control());
        }
    }

    private static String takeOver(NodeView node) {
        return "let " + node.name() + " take over, if it does not by itself: unwrite failover --control "
                + node.control();
    }

    private static String mendNetwork() {
        return "see that --listen and --peer of the two nodes fit, and look at the network";
    }

    private static boolean silent(NodeView node) {
        Duration silence = node.peerSilence();
        return !node.peerConnected() || silence == null || silence.compareTo(SILENCE_MAX) > 0;
    }

    private static String silence(NodeView node) {
        Duration silence = node.peerSilence();
        return silence == null ? "" : " (for " + StatusTable.ago(silence) + ")";
    }

    private String since(NodeView node) {
        Duration unprotected = node.unprotected(now);
        return unprotected == null ? "" : " (for " + StatusTable.ago(unprotected) + ")";
    }

    private static String because(String note) {
        return note.isEmpty() ? "" : " (" + note + ")";
    }
}
