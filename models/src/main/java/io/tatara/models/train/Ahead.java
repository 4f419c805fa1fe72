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
 * is at work on those before; or, where the device is these same processors, a few at once by all
 * of them between its work, so that they do not disturb each other. For one thread at a time.
 *
 * @param <B> what a batch is made of
 * @param <M> a batch as it is made
 */
public final class Ahead<B, M> {
    private record Coming<B, M>(B batch, CompletableFuture<M> made) {}

    private final Function<B, M> make;
    private final Iterator<B> rest;
    private final Deque<Coming<B, M>> coming = new ArrayDeque<>();
    private final boolean between;
    private final int depth;

    /**
     * @param batches in the order in which they will be asked for, perhaps without the first ones
     * @param make must depend on the batch alone; called by several threads
     * @param between whether batches are made between the device's work, not meanwhile
     */
    public Ahead(List<B> batches, Function<B, M> make, boolean between) {
        int processors = Runtime.getRuntime().availableProcessors();
        this.make = make;
        this.rest = batches.iterator();
        this.between = between;
        this.depth = between ? 4 * processors : processors;
    }

    /**
     * A batch as it is made, waited for where it has to be.
     *
     * @param batch the very object of the list, or another: one that is not ahead is made here
     * @throws RuntimeException what {@code make} throws
     */
    public M get(B batch) {
        skipTo(batch);
        if (between) {
            finish();
        }
        Coming<B, M> here = coming.poll();
        if (!between) {
            fill();
        }
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
                fill();
            }
        }
    }

    private void fill() {
        while (coming.size() < depth && rest.hasNext()) {
            coming.add(start(rest.next()));
        }
    }

    private Coming<B, M> start(B batch) {
        CompletableFuture<M> made = new CompletableFuture<>();
        if (!between) {
            made.completeAsync(() -> make.apply(batch));
        }
        return new Coming<>(batch, made);
    }

    /** Makes all that are coming, where the first of them is not made yet. */
    private void finish() {
        if (coming.isEmpty() || coming.peek().made.isDone()) {
            return;
        }
        coming.parallelStream()
                .forEach(c -> {
                    try {
                        c.made.complete(make.apply(c.batch));
                    } catch (RuntimeException e) {
                        c.made.completeExceptionally(e);
                    }
                });
    }
}
