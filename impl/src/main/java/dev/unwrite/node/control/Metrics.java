package dev.unwrite.node.control;

import dev.unwrite.host.Histogram;
import dev.unwrite.node.control.NodeStatus.Counters;
import dev.unwrite.node.control.NodeStatus.LastCheckpoint;
import dev.unwrite.node.control.NodeStatus.Mode;
import dev.unwrite.node.control.NodeStatus.Role;
import java.time.Instant;
import java.util.Locale;

/** The status in the text format 0.0.4 of Prometheus: base units, one family after the other. */
final class Metrics {
    private static final double MILLIS = 1e-3;
    private static final double SECOND_NANOS = 1e9;

    private final StringBuilder out = new StringBuilder(8192);
    private final String labels;

    private Metrics(NodeStatus status) {
        labels = label("group", status.group()) + "," + label("node", status.name());
    }

    static String of(NodeStatus status) {
        Metrics metrics = new Metrics(status);
        metrics.state(status);
        metrics.counters(status.counters());
        LastCheckpoint last = status.lastCheckpoint();
        if (last != null) {
            metrics.lastCheckpoint(last);
        }
        return metrics.out.toString();
    }

    private void state(NodeStatus status) {
        header("unwrite_role", "What the node is to its machine: 1 for the role that it has.", "gauge");
        for (Role role : Role.values()) {
            sample("unwrite_role", label("role", role.toString()), status.role() == role ? 1 : 0);
        }
        header("unwrite_mode", "What the pair is: 1 for the mode that it is in.", "gauge");
        for (Mode mode : Mode.values()) {
            sample("unwrite_mode", label("mode", mode.toString()), status.mode() == mode ? 1 : 0);
        }
        gauge("unwrite_term", "The number of the current owner of the storage.", status.term());
        gauge("unwrite_epoch", "The current epoch.", status.epoch());
        gauge("unwrite_committed_epoch", "The newest checkpoint that is durable at the secondary.", status.committed());
        gauge(
                "unwrite_undo_blocks",
                "Blocks that have a copy in the undo log.",
                status.undo().blocks());
        gauge("unwrite_undo_bytes", "The size of the undo log.", status.undo().bytes());
        gauge(
                "unwrite_undo_limit_bytes",
                "The most that the undo log may take.",
                status.undo().limitBytes());
        gauge(
                "unwrite_undo_waiting_writes",
                "Writes that wait for room in the undo log.",
                status.undo().waitingWrites());
        gauge(
                "unwrite_undo_waiting_seconds",
                "For how long writes have waited for room without a break.",
                status.undo().waitingMillis() * MILLIS);
        gauge(
                "unwrite_peer_connected",
                "Whether the peer takes messages.",
                status.peer().connected() ? 1 : 0);
        Long heard = status.peer().lastHeardMillis();
        if (heard != null) {
            gauge("unwrite_peer_silence_seconds", "Since when nothing came from the peer.", heard * MILLIS);
        }
        gauge(
                "unwrite_storage_connected",
                "Whether the shared storage answers.",
                status.storage().connected() ? 1 : 0);
        gauge(
                "unwrite_waiting_outputs",
                "Outputs of the machine that wait for a commit now.",
                status.machine().waitingOutputs());
        Instant unprotected = status.unprotectedSince();
        gauge(
                "unwrite_unprotected_since_seconds",
                "Unix time since when a failure would lose the machine; 0 while protected.",
                unprotected == null ? 0.0 : unprotected.toEpochMilli() * MILLIS);
        gauge(
                "unwrite_start_time_seconds",
                "Unix time of the start of the node.",
                status.since().toEpochMilli() * MILLIS);
        header("unwrite_volume_bytes", "The size of a protected volume.", "gauge");
        status.volumes()
                .forEach(volume -> sample("unwrite_volume_bytes", label("volume", volume.name()), volume.size()));
    }

    private void counters(Counters counters) {
        counter("unwrite_writes_total", "Writes of the machine.", counters.writes());
        counter("unwrite_written_bytes_total", "Bytes that the machine wrote.", counters.writtenBytes());
        counter("unwrite_preserve_requests_total", "Preserve requests sent or taken.", counters.preserveRequests());
        counter("unwrite_preserved_blocks_total", "Blocks of which a copy was stored.", counters.preservedBlocks());
        counter("unwrite_checkpoints_total", "Committed checkpoints.", counters.checkpoints());
        counter("unwrite_rollbacks_total", "Rollbacks begun.", counters.rollbacks());
        counter("unwrite_restored_blocks_total", "Blocks written back by rollbacks.", counters.restoredBlocks());
        counter("unwrite_failovers_total", "Failovers that made this node primary.", counters.failovers());
        counter("unwrite_joins_total", "Times that the pair became protected.", counters.joins());
        counter("unwrite_held_outputs_total", "Outputs of the machine that had to wait.", counters.heldOutputs());
        counter(
                "unwrite_released_outputs_total",
                "Outputs of the machine that were let out.",
                counters.releasedOutputs());
        histogram(
                "unwrite_checkpoint_pause_seconds",
                "How long the machine stood still for a checkpoint.",
                counters.pauses());
        histogram(
                "unwrite_checkpoint_duration_seconds",
                "From the cut of a checkpoint to its commit.",
                counters.durations());
    }

    private void lastCheckpoint(LastCheckpoint last) {
        gauge(
                "unwrite_last_checkpoint_duration_seconds",
                "From the cut of the newest checkpoint to its commit.",
                last.durationMillis() * MILLIS);
        gauge(
                "unwrite_last_checkpoint_pause_seconds",
                "How long the machine stood still for the newest checkpoint.",
                last.pauseMillis() * MILLIS);
        gauge(
                "unwrite_last_checkpoint_age_seconds",
                "For how long the newest checkpoint has been committed.",
                last.ageMillis() * MILLIS);
        gauge("unwrite_last_checkpoint_state_bytes", "The size of the newest state.", last.stateBytes());
    }

    private void gauge(String name, String help, Number value) {
        header(name, help, "gauge");
        sample(name, "", value);
    }

    private void counter(String name, String help, Number value) {
        header(name, help, "counter");
        sample(name, "", value);
    }

    private void histogram(String name, String help, Histogram.Counts durations) {
        header(name, help, "histogram");
        long count = 0;
        for (int i = 0; i < durations.counts().size(); i++) {
            count += durations.counts().get(i);
            boolean isLast = i == Histogram.boundsNanos().size();
            String bound =
                    isLast ? "+Inf" : Double.toString(Histogram.boundsNanos().get(i) / SECOND_NANOS);
            sample(name + "_bucket", label("le", bound), count);
        }
        sample(name + "_sum", "", durations.totalNanos() / SECOND_NANOS);
        sample(name + "_count", "", count);
    }

    private void header(String name, String help, String type) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String more, Number value) {
        out.append(name).append('{').append(labels);
        if (!more.isEmpty()) {
            out.append(',').append(more);
        }
        out.append("} ").append(number(value)).append('\n');
    }

    private static String number(Number value) {
        return value instanceof Double real ? String.format(Locale.ROOT, "%.3f", real) : value.toString();
    }

    private static String label(String name, String value) {
        String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return name + "=\"" + escaped + "\"";
    }
}
