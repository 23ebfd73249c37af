package dev.unwrite.peer;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Remembers all that a link says; {@link #gate} can hold it up. */
class Recording implements PeerLink.Listener {
    record Received(PeerMessage message, MessageId id) {}

    final List<Received> received = new CopyOnWriteArrayList<>();
    final AtomicInteger count = new AtomicInteger();
    final AtomicInteger ups = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    final AtomicLong peerIncarnation = new AtomicLong();
    final Semaphore gate = new Semaphore(Integer.MAX_VALUE / 2);
    volatile boolean remember = true;

    @Override
    public void received(PeerMessage message, MessageId id) {
        gate.acquireUninterruptibly();
        gate.release();
        if (remember) {
            received.add(new Received(message, id));
        }
        count.incrementAndGet();
    }

    @Override
    public void outgoingUp(PeerMessage.Hello peer, long connection) {
        peerIncarnation.set(peer.incarnation());
        ups.incrementAndGet();
    }

    @Override
    public void outgoingLost() {
        lost.incrementAndGet();
    }

    void holdUp() {
        gate.drainPermits();
    }

    void goOn() {
        gate.release(Integer.MAX_VALUE / 2);
    }

    List<PeerMessage> messages() {
        return received.stream().map(Received::message).toList();
    }
}
