package io.tatara.bench.measure;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Fused multiply-adds on registers alone. Loaded only where the vector module is. Twelve chains:
 * more than latency × units of today's cores, fewer than their registers.
 */
final class VectorRoof {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int REPEAT = 20_000;
    private static final int CHAINS = 12;

    private VectorRoof() {}

    /** Operations of a piece. */
    static double flops() {
        return 2.0 * CHAINS * S.length() * REPEAT;
    }

    static double piece() {
        FloatVector m = FloatVector.broadcast(S, 0.999f);
        FloatVector c = FloatVector.broadcast(S, 0.5f);
        FloatVector a = c;
        FloatVector b = c.mul(1.1f);
        FloatVector d = c.mul(1.2f);
        FloatVector e = c.mul(1.3f);
        FloatVector f = c.mul(1.4f);
        FloatVector g = c.mul(1.5f);
        FloatVector h = c.mul(1.6f);
        FloatVector i = c.mul(1.7f);
        FloatVector j = c.mul(1.8f);
        FloatVector k = c.mul(1.9f);
        FloatVector l = c.mul(2.1f);
        FloatVector o = c.mul(2.2f);
        for (int r = 0; r < REPEAT; r++) {
            a = a.fma(m, c);
            b = b.fma(m, c);
            d = d.fma(m, c);
            e = e.fma(m, c);
            f = f.fma(m, c);
            g = g.fma(m, c);
            h = h.fma(m, c);
            i = i.fma(m, c);
            j = j.fma(m, c);
            k = k.fma(m, c);
            l = l.fma(m, c);
            o = o.fma(m, c);
        }
        FloatVector s =
                a.add(b).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l).add(o);
        return s.lane(0);
    }
}
