/**
 * The machine {@code ledger}: a small real application. Accounts with balances, transfers between them, clients over
 * TCP, every request in effect exactly once, across failovers and cold starts.
 *
 * <h2>The line protocol</h2>
 *
 * ASCII, one line a request and one line a reply, ended by {@code \n} (a {@code \r} before it is ignored). Replies come
 * in the order of the requests of their connection; a client may send the next request before it has the reply.
 *
 * <pre>
 * HELLO client-id          OK hello last=4 accounts=1024 initial=1000 seq=77
 * T reqno from to amount   OK 5 seq=78 from=970 to=1030        (balances after it)
 *                          NO 5 seq=78 from=10                 (insufficient funds, nothing moved)
 * R reqno account          OK 6 seq=78 balance=970
 * B reqno                  OK 7 seq=78 total=1024000 balances=970,1030,...
 * CHECK                    OK total=1024000 seq=78 pages=83    or BAD what disagrees, memory or volume
 * repeated too late        OLD reqno last=40
 * anything else            ERR reason                          (nothing took effect, the number is not used up)
 * </pre>
 *
 * <ul>
 *   <li>{@code client-id}: 1 to 32 of {@code A-Z a-z 0-9 . _ -}. It names the client over all its connections.
 *       {@code last} is the number of its last request that took effect, 0 for a new client.
 *   <li>{@code reqno}: 1 for the first request of a client, then one more each time. The same request with the same
 *       number again gets the recorded reply again and has no second effect. The replies to the last 16 requests are kept
 *       ({@link dev.unwrite.machine.ledger.LedgerLimits#WINDOW}), so no more may be on the way at once. {@code B} is
 *       too large to be kept: repeated as the last request it is read anew, later it is {@code OLD}.
 *   <li>{@code seq}: how many transfers were decided (done or refused for lack of funds), this one included; a read
 *       says which one its values come after. So the transfers have the numbers 1, 2, 3 ..., each once, and replaying
 *       them in that order must give every value that was ever answered.
 *   <li>Every reply that depends on state is said through {@link dev.unwrite.machine.MachineHost#say} (rule HoldOutput), {@code HELLO} and
 *       errors included, so that their order holds.
 * </ul>
 *
 * Limits: {@link dev.unwrite.machine.ledger.LedgerLimits}. A line that is too long is answered with {@code ERR} and ends the
 * connection; so does one connection too many.
 *
 * <h2>On the volume</h2>
 *
 * Pages of 4096 bytes on the first protected volume, numbers big-endian:
 *
 * <pre>
 * 0                superblock: magic, version, CRC32C, accounts, accounts per page, clients, initial balance
 * 1 .. 64          journal slot 0: a header page, then up to 63 page images
 * 65 .. 128        journal slot 1
 * 129 ..           account pages: header, then balances (long)
 * then             client pages: header, then 7 clients: id, last request number, the last 16 replies
 * </pre>
 *
 * The header of an account or client page: magic, CRC32C of the whole page, its own page number, the number of the batch
 * that wrote it.
 *
 * <h2>Why a crash loses nothing</h2>
 *
 * Requests take effect in batches. A batch (1) writes the new images of all its pages, with their checksums, into a
 * journal slot, (2) flushes, (3) says the replies; its pages are written in place by the next batch, before that one's
 * flush. So between two batches nothing waits for a flush, and a checkpoint that is cut there need not wait for one.
 * Batches use the two slots in turn. The flush of batch n makes its journal entry durable and also the pages of batch n-1,
 * in place, before the slot of batch n-1 is used again. So at any moment only pages of the two newest whole journal entries
 * can be missing or torn in place (two, because an entry may have become whole although its flush never ended), and a cold
 * start that writes their images again, the older first, has every page whole, at the boundary of a batch. A torn journal
 * entry belongs to a batch that never touched a page. A reply is said when the entry is durable, so it is never ahead of it.
 * While protected none of this is needed, since a rollback takes back the journal and the pages together; the order is
 * kept because the machine cannot know.
 */
@NullMarked
package dev.unwrite.machine.ledger;

import org.jspecify.annotations.NullMarked;
