package dev.unwrite.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.unwrite.net.EventLoop;
import dev.unwrite.peer.MessageId;
import dev.unwrite.peer.PeerConfig;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import dev.unwrite.peer.PeerMessage.Preserve;
import dev.unwrite.peer.PeerMessage.StateBegin;
import dev.unwrite.peer.PeerMessage.StateChunk;
import dev.unwrite.peer.PeerMessage.StateEnd;
import dev.unwrite.protocol.Extent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two real links with the wire between them. */
@Timeout(60)
class WireTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    /** Later than anything that is not kept back takes here. */
    private static final int LATE_MILLIS = 1_500;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final Map<PeerLink, EventLoop> loops = new HashMap<>();
    private final Ear atA = new Ear();
    private final Ear atB = new Ear();

    /** Hears what comes in. */
    private static final class Ear implements PeerLink.Listener {
        final List<PeerMessage> heard = new CopyOnWriteArrayList<>();
        volatile boolean up;

        @Override
        public void received(PeerMessage message, MessageId id) {
            heard.add(message);
        }

        @Override
        public void outgoingUp(PeerMessage.Hello peer, long connection) {
            up = true;
        }

        @Override
        public void outgoingLost() {
            up = false;
        }
    }

    private static InetSocketAddress at(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** A, B, and what A says goes through the wire. */
    private record Between(Wire wire, PeerLink a, EventLoop loop) {}

    private Between between() throws IOException {
        InetSocketAddress any = at(0);
        AtomicReference<InetSocketAddress> addressOfA = new AtomicReference<>(any);
        PeerLink b = link("B", "A", addressOfA, atB);
        Wire wire = Wire.open("127.0.0.1", b.listenAddress());
        open.add(wire);
        PeerLink a = link("A", "B", new AtomicReference<>(at(wire.port())), atA);
        addressOfA.set(a.listenAddress());
        await().atMost(SOON).until(() -> atA.up && atB.up);
        return new Between(wire, a, Objects.requireNonNull(loops.get(a)));
    }

    private PeerLink link(String name, String peer, AtomicReference<InetSocketAddress> to, Ear ear) throws IOException {
        InetSocketAddress any = at(0);
        EventLoop loop = new EventLoop("peer-" + name, line -> {});
        PeerLink link =
                PeerLink.open(new PeerConfig("g", name, peer, any, () -> Objects.requireNonNull(to.get())), loop, ear);
        loop.start();
        loops.put(link, loop);
        open.add(loop);
        open.add(link);
        return link;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private static List<PeerMessage> state(long epoch) {
        byte[] bytes = {1, 2, 3};
        return List.of(
                new StateBegin(1, epoch, 0),
                new StateChunk(1, epoch, 0, ByteBuffer.wrap(bytes)),
                new StateEnd(1, epoch, bytes.length, 0));
    }

    private static void send(Between between, List<PeerMessage> messages) {
        for (PeerMessage message : messages) {
            between.loop().call(() -> between.a().send(message)).join();
        }
    }

    @Test
    void lateStatesAreOvertakenByAllElseAndKeepTheirOrder() throws Exception {
        Between between = between();
        between.wire().mode(Wire.Mode.LATE_STATE, LATE_MILLIS);
        Preserve first = new Preserve(1, 2, List.of(new Extent(0, 1, 1)));
        Preserve second = new Preserve(1, 3, List.of(new Extent(0, 1, 1)));
        long sentAt = System.nanoTime();
        send(between, state(2));
        send(between, List.of(first));
        send(between, state(3));
        send(between, List.of(second));

        await().atMost(SOON).until(() -> atB.heard.size() == 2);
        assertThat(atB.heard).containsExactly(first, second);
        // From now on states are not kept back, but those that wait go first.
        between.wire().mode(Wire.Mode.PLAIN, 0);
        send(between, state(4));
        await().atMost(SOON).until(() -> atB.heard.size() == 11);

        assertThat(System.nanoTime() - sentAt).isGreaterThanOrEqualTo(LATE_MILLIS * 1_000_000L);
        assertThat(atB.heard.subList(2, 11))
                .extracting(PeerMessage::toString)
                .containsExactlyElementsOf(Stream.of(state(2), state(3), state(4))
                        .flatMap(List::stream)
                        .map(PeerMessage::toString)
                        .toList());
        assertThat(between.wire().touched()).isEqualTo(9);
    }

    @Test
    void aPlainWireChangesNothing() throws Exception {
        Between between = between();
        List<PeerMessage> sent = new ArrayList<>();
        for (long epoch = 1; epoch <= 100; epoch++) {
            sent.addAll(state(epoch));
        }
        send(between, sent);
        await().atMost(SOON).until(() -> atB.heard.size() == 300);
        assertThat(atB.heard)
                .extracting(PeerMessage::toString)
                .containsExactlyElementsOf(
                        sent.stream().map(PeerMessage::toString).toList());
        assertThat(between.wire().touched()).isZero();
    }

    @Test
    void duplicatesComeAgainLater() throws Exception {
        Between between = between();
        between.wire().mode(Wire.Mode.DUPLICATE, 1);
        Preserve one = new Preserve(1, 2, List.of(new Extent(0, 1, 1)));
        AtomicInteger sent = new AtomicInteger();
        // What comes again is sent along with what comes next.
        await().atMost(SOON).pollInterval(Duration.ofMillis(20)).until(() -> {
            send(between, List.of(one));
            sent.incrementAndGet();
            return between.wire().touched() > 0;
        });
        between.wire().mode(Wire.Mode.PLAIN, 0);
        await().atMost(SOON).until(() -> atB.heard.size() > sent.get());
        assertThat(atB.heard).containsOnly(one);
    }

    @Test
    void whatIsLateIsLostWithTheLinkAndTheLinkComesBack() throws Exception {
        Between between = between();
        between.wire().mode(Wire.Mode.LATE_STATE, TimeUnit.HOURS.toMillis(1));
        send(between, state(2));
        await().atMost(SOON).until(() -> between.wire().touched() == 3);
        between.a().close();
        atA.up = false;
        PeerLink again = link("A", "B", new AtomicReference<>(at(between.wire().port())), atA);
        await().atMost(SOON).until(() -> atA.up);
        Preserve one = new Preserve(1, 2, List.of(new Extent(0, 1, 1)));
        Objects.requireNonNull(loops.get(again)).post(() -> again.send(one));
        await().atMost(SOON).until(() -> !atB.heard.isEmpty());
        assertThat(atB.heard).containsExactly(one);
    }
}
