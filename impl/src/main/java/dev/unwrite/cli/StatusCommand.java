package dev.unwrite.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.node.HostPort;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unwrite status}. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = {
            "Shows how the pair is: role, protection and holdings of the node that is asked and, where it can be reached, of"
                    + " the other one; then what is wrong, and what to do about it.",
            "With --json: what the node says, and what the other one says as \"peerStatus\" (null if it does not answer)."
        },
        footer = {"", "Exit codes: 0 the node answered, 1 it did not, 2 bad usage."})
final class StatusCommand implements Callable<Integer> {
    private static final Duration PEER_MAX = Duration.ofSeconds(1);

    @Mixin
    private final ControlOptions options = new ControlOptions();

    @Override
    public Integer call() {
        JsonNode answer = options.client().status();
        HostPort control = options.control();
        HostPort peerControl = PeerControl.of(control, answer);
        JsonNode peer = peerControl == null ? null : askPeer(peerControl, answer);
        NodeView own = new NodeView(answer, control.toString());
        NodeView other = peer == null || peerControl == null ? null : new NodeView(peer, peerControl.toString());
        ObjectNode both = answer.<ObjectNode>deepCopy();
        both.set("peerStatus", peer);
        return options.print(both, json -> tell(own, other, peerControl, Instant.now()));
    }

    /** Null where it does not answer, or another than the peer does: addresses may have been given to somebody else. */
    private static @Nullable JsonNode askPeer(HostPort control, JsonNode own) {
        try {
            JsonNode peer = new ControlClient(control, PEER_MAX, PEER_MAX, Duration.ZERO).status();
            JsonNode name = own.at("/peer/name");
            boolean same = peer.path("group").equals(own.path("group"))
                    && !peer.path("name").equals(own.path("name"))
                    && (!name.isTextual() || peer.path("name").equals(name));
            return same ? peer : null;
        } catch (ExitException e) {
            return null;
        }
    }

    /** The one that matters most first. */
    private static String tell(NodeView own, @Nullable NodeView other, @Nullable HostPort peerControl, Instant now) {
        List<NodeView> nodes = new ArrayList<>(List.of(own));
        if (other != null) {
            nodes.add(other);
            if (other.isBefore(own)) {
                Collections.reverse(nodes);
            }
        }
        List<String> parts = new ArrayList<>();
        nodes.forEach(node -> parts.add(StatusTable.of(node.json(), now)));
        if (other == null && peerControl != null) {
            parts.add(own.peerName() + " does not answer at " + peerControl);
        }
        for (Diagnosis.Finding finding : Diagnosis.of(own, other, now)) {
            parts.add("! " + finding.wrong() + System.lineSeparator() + "  -> " + finding.todo());
        }
        return String.join(System.lineSeparator(), parts);
    }
}
