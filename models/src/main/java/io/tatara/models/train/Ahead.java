package io.tatara.models.train;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Batches that take the host some time to make, made a few ahead by other threads, while a device
 * is at work on those before. For one thread at a time.
 *
 * @param <B> what a batch is made of
 * @param <M> a batch as it is made
 */
public final class Ahead<B, M> {
    private record Coming<B, M>(B batch, CompletableFuture<M> made) {}

    private final Function<B, M> make;
    private final Iterator<B> rest;
    private final Deque<Coming<B, M>> coming = new ArrayDeque<>();
    private final int depth;

    /**
     * As many ahead as there are processors.
     *
     * @param batches in the order in which they will be asked for, perhaps without the first ones
     * @param make must depend on the batch alone; called by threads of the common pool
     */
    public Ahead(List<B> batches, Function<B, M> make) {
        this.make = make;
        this.rest = batches.iterator();
        this.depth = Runtime.getRuntime().availableProcessors();
    }

    /**
     * A batch as it is made, waited for where it has to be.
     *
     * @param batch the very object of the list, or another: one that is not ahead is made here
     * @throws RuntimeException what {@code make} throws
     */
    public M get(B batch) {
        skipTo(batch);
        Coming<B, M> here = coming.poll();
        fill();
        if (here == null) {
            return make.apply(batch);
        }
        try {
            return here.made.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException r) {
                throw r;
            }
            throw e;
        }
    }

    /** Leaves out those before it, which nobody asked for: a run that is taken up begins late. */
    private void skipTo(B batch) {
        while (!coming.isEmpty() && coming.peek().batch != batch) {
            coming.poll().made.cancel(false);
        }
        while (coming.isEmpty() && rest.hasNext()) {
            B next = rest.next();
            if (next == batch) {
                coming.add(start(next));
            }
        }
    }

    private void fill() {
        while (coming.size() < depth && rest.hasNext()) {
            coming.add(start(rest.next()));
        }
    }

    private Coming<B, M> start(B batch) {
        return new Coming<>(batch, CompletableFuture.supplyAsync(() -> make.apply(batch)));
    }
}
