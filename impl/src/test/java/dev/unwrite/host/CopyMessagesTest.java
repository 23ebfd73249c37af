package dev.unwrite.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.peer.PeerMessage.Preserve;
import dev.unwrite.peer.PeerMessage.Preserved;
import dev.unwrite.protocol.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What is asked for, and acknowledged, in one message. */
class CopyMessagesTest {
    private final Stage store = Stage.alone();
    private final List<PeerMessage> sent = new ArrayList<>();
    private final CopyMessages messages = new CopyMessages(store, sent::add);

    private static Extent extent(int volume, long first, int count) {
        return new Extent(volume, first, count);
    }

    @Test
    void whatComesInOneTurnGoesInOneMessageAndAdjacentBlocksBecomeOneExtent() {
        messages.preserve(1, 2, List.of(extent(3, 0, 4), extent(3, 4, 12)));
        messages.preserve(1, 2, List.of(extent(3, 16, 1), extent(4, 17, 1), extent(4, 19, 1)));
        assertThat(sent).isEmpty();
        messages.sendAll();
        messages.sendAll();
        assertThat(sent)
                .as("merged up to 16 blocks, in one volume, without a gap")
                .containsExactly(new Preserve(
                        1, 2, List.of(extent(3, 0, 16), extent(3, 16, 1), extent(4, 17, 1), extent(4, 19, 1))));
        assertThat(messages.requestsSent()).isEqualTo(1);
    }

    /** Rule EpochTag. */
    @Test
    void whatIsOfAnotherTermOrEpochGoesInAMessageOfItsOwn() {
        messages.preserve(1, 2, List.of(extent(3, 0, 1)));
        messages.preserve(1, 3, List.of(extent(3, 1, 1)));
        messages.preserve(2, 3, List.of(extent(3, 2, 1)));
        messages.preserve(2, 1, List.of(extent(3, 3, 1)));
        messages.sendAll();
        assertThat(sent)
                .containsExactly(
                        new Preserve(1, 2, List.of(extent(3, 0, 1))),
                        new Preserve(1, 3, List.of(extent(3, 1, 1))),
                        new Preserve(2, 3, List.of(extent(3, 2, 1))),
                        new Preserve(2, 1, List.of(extent(3, 3, 1))));
        sent.clear();
        messages.preserved(1, 2, List.of(extent(3, 0, 1)));
        messages.preserved(1, 3, List.of(extent(3, 1, 1)));
        messages.preserved(2, 3, List.of(extent(3, 2, 1)));
        messages.preserved(2, 1, List.of(extent(3, 3, 1)));
        messages.sendAll();
        assertThat(sent)
                .containsExactly(
                        new Preserved(0, 0, 1, 2, List.of(extent(3, 0, 1))),
                        new Preserved(0, 0, 1, 3, List.of(extent(3, 1, 1))),
                        new Preserved(0, 0, 2, 3, List.of(extent(3, 2, 1))),
                        new Preserved(0, 0, 2, 1, List.of(extent(3, 3, 1))));
        assertThat(messages.blocksAcknowledged()).isEqualTo(4);
    }

    @Test
    void requestsGoBeforeAcknowledgmentsAndWhatDoesNotFitIntoOneMessageGoesInMore() {
        int most = PeerMessage.EXTENTS_MAX;
        List<Extent> many =
                LongStream.range(0, most + 1).mapToObj(i -> extent(3, 2 * i, 1)).toList();
        messages.preserved(1, 2, many);
        messages.preserve(1, 2, List.of(extent(3, 0, 1)));
        messages.sendAll();
        assertThat(sent)
                .containsExactly(
                        new Preserve(1, 2, List.of(extent(3, 0, 1))),
                        new Preserved(0, 0, 1, 2, many.subList(0, most)),
                        new Preserved(0, 0, 1, 2, many.subList(most, most + 1)));
        assertThat(messages.blocksAcknowledged()).isEqualTo(most + 1);
    }
}
