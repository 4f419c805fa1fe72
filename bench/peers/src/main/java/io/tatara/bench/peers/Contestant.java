package io.tatara.bench.peers;

import java.util.Map;

/** A library that does the work of the cases, in the JVM that was started for it. */
interface Contestant {
    /** Its version, device, threads. */
    Map<String, String> facts();

    /** Lays a case out in memory; null where the library has no such thing. */
    Work prepare(PeerCase c);

    /** A case, ready to be run again and again. */
    interface Work extends AutoCloseable {
        /** Does it once and returns when it is done. */
        void run();

        /** What the last run computed, in the layout that all agree on (row-major, time first). */
        float[] result();

        /** What exactly is measured, in a few words. */
        String how();

        @Override
        void close();
    }
}
