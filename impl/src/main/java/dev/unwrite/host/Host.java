package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.HostState;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A host. (Signatures; the parts follow.) */
public final class Host {
    public Host(HostConfig config, Surroundings with, HostState initial, long nowNanos) {}
    public void start() {}
    public void now(long nanos) {}
    public long tick() { return 0; }
    public void received(PeerMessage message, long life) {}
    public void peerUp(PeerMessage.Hello peer) {}
    public void peerDown() {}
    public void stateSent(long term, long epoch, long bytes) {}
    public void hungUp(long session, Trouble why) {}
    public void read(int volume, long offset, int length, Reply<ByteBuffer> reply) {}
    public void write(int volume, long offset, ByteBuffer data, boolean fua, Reply<Done> reply) {}
    public void writeZeroes(int volume, long offset, long length, boolean noHole, boolean fua, Reply<Done> reply) {}
    public void trim(int volume, long offset, long length, boolean fua, Reply<Done> reply) {}
    public void flush(Reply<Done> reply) {}
    public void say(Runnable release) {}
    public void machineFailed(String why) {}
    public void checkpoint(@Nullable Object handedOver, Duration limit, Reply<Answers.Committed> reply) {}
    public void failover(boolean cold, Duration limit, Reply<Answers.FailedOver> reply) {}
    public void switchover(Duration limit, Reply<Answers.HandedOver> reply) {}
    public void protect(Duration limit, Reply<Answers.Protected> reply) {}
    public void leave(Reply<String> reply) {}
    public HostState state() { throw new UnsupportedOperationException(); }
    public Picture picture() { throw new UnsupportedOperationException(); }
}
