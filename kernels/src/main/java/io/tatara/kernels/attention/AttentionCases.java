package io.tatara.kernels.attention;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of all four ops, from one list of extents. */
final class AttentionCases {
    private static final MultiplicativeAttention SCALED = new MultiplicativeAttention(0.3f);

    /** Sizes that are checked in the 16-bit types too. */
    private static final String[] HALVES = {"one", "odd", "ragged", "lengths outside", "decoding"};

    private AttentionCases() {}

    /** Extents with the lengths of the sequences, null where there are none. */
    private record Size(String name, Extents e, double[] lengths) {
        static Size of(String name, int n, int tq, int tk, int a, int v, double... lengths) {
            return new Size(
                    name, new Extents(n, tq, tk, a, v), lengths.length == 0 ? null : lengths);
        }

        Case lengths(Case c) {
            return lengths == null ? c.absent() : c.fixed(TensorSpec.i32(e.n()), Data.of(lengths));
        }

        TensorSpec queries() {
            return TensorSpec.f32(e.n(), e.tq(), e.a());
        }

        TensorSpec keys() {
            return TensorSpec.f32(e.n(), e.tk(), e.a());
        }

        TensorSpec values() {
            return TensorSpec.f32(e.n(), e.tk(), e.v());
        }

        TensorSpec context() {
            return TensorSpec.f32(e.n(), e.tq(), e.v());
        }

        TensorSpec weights() {
            return TensorSpec.f32(e.n(), e.tq(), e.tk());
        }

        Case inputs(Case c) {
            return c.in(queries()).in(keys()).in(values());
        }
    }

    private static List<Size> sizes() {
        return List.of(
                Size.of("one", 1, 1, 1, 1, 1),
                Size.of("square", 2, 4, 4, 4, 4),
                Size.of("odd", 3, 5, 7, 11, 13),
                Size.of("ragged", 5, 3, 9, 6, 5, 9, 0, 4, 1, 8),
                Size.of("all empty", 2, 3, 4, 5, 6, 0, 0),
                Size.of("lengths outside", 3, 2, 4, 3, 2, -5, 7, 2),
                Size.of("decoding", 4, 1, 19, 8, 17, 19, 3, 12, 1),
                Size.of("one key", 3, 4, 1, 5, 6),
                Size.of("wide", 1, 2, 37, 150, 133),
                Size.of("no batch", 0, 3, 4, 5, 6),
                Size.of("no queries", 2, 0, 4, 5, 6),
                Size.of("no keys", 2, 3, 0, 5, 6),
                Size.of("no features", 2, 3, 4, 0, 6),
                Size.of("no values", 2, 3, 4, 5, 0),
                Size.of("long", 2, 9, 701, 33, 70, 701, 513));
    }

    private static List<Size> benches() {
        return List.of(
                Size.of("bench translate b64 tq30 tk30 a512 v1024", 64, 30, 30, 512, 1024),
                Size.of("bench decode b32 tk50 a512 v1024", 32, 1, 50, 512, 1024),
                Size.of("bench speech b8 tq60 tk400 a256 v512", 8, 60, 400, 256, 512));
    }

    /** Terms that meet in an output element, the exponent's included. */
    private static int reduction(Extents e) {
        return e.a() + e.tk() + e.v();
    }

    static List<Case> additive() {
        List<Case> cases = new ArrayList<>();
        for (Size s : sizes()) {
            cases.add(
                    finish(
                            additive(Case.of(s.name, new AdditiveAttention()), s, Data.normal()),
                            s));
        }
        for (Size s : benches()) {
            cases.add(additive(Case.of(s.name, new AdditiveAttention()), s, Data.normal()).bench());
        }
        Size s = Size.of("infinite", 2, 3, 5, 4, 3);
        // tanh has limits: infinite projections are well-defined.
        Data infinite = Data.normal().sprinkled(6, Double.POSITIVE_INFINITY);
        cases.add(
                additive(Case.of("infinite queries", new AdditiveAttention()), s, infinite)
                        .noGradient());
        Data nan = Data.normal().sprinkled(9, Double.NaN);
        cases.add(additive(Case.of("nan", new AdditiveAttention()), s, nan).noGradient());
        Size masked = Size.of("masked", 1, 2, 4, 3, 2, 2);
        Case c = Case.of("nan behind the length", new AdditiveAttention()).in(masked.queries());
        c = behind(c, masked.keys(), 6);
        c = behind(c, masked.values(), 4).in(TensorSpec.f32(3));
        cases.add(masked.lengths(c).noGradient());
        return halves(cases, "nan", "nan behind the length");
    }

    private static List<Case> halves(List<Case> cases, String... names) {
        String[] all = Arrays.copyOf(HALVES, HALVES.length + names.length);
        System.arraycopy(names, 0, all, HALVES.length, names.length);
        return Case.withHalves(cases, all);
    }

    private static Case additive(Case c, Size s, Data queries) {
        Case with =
                c.in(s.queries(), queries).in(s.keys()).in(s.values()).in(TensorSpec.f32(s.e.a()));
        return s.lengths(with).reduction(reduction(s.e));
    }

    /**
     * An input whose first elements are numbers and all others NaN: padding that no kernel may
     * read.
     */
    private static Case behind(Case c, TensorSpec spec, int valid) {
        return c.in(
                spec,
                (d, r) -> {
                    for (int i = 0; i < d.length; i++) {
                        d[i] = i < valid ? r.nextGaussian() : Double.NaN;
                    }
                });
    }

    private static Case finish(Case c, Size s) {
        return s.name.equals("long") ? c.noGradient().large() : c;
    }

    static List<Case> multiplicative() {
        List<Case> cases = new ArrayList<>();
        for (Size s : sizes()) {
            cases.add(finish(multiplicative(Case.of(s.name, SCALED), s, Data.normal()), s));
        }
        for (Size s : benches()) {
            cases.add(multiplicative(Case.of(s.name, SCALED), s, Data.normal()).bench());
        }
        Size s = Size.of("", 2, 3, 5, 4, 3);
        cases.add(
                multiplicative(
                        Case.of("unscaled", new MultiplicativeAttention(1)), s, Data.normal()));
        cases.add(
                multiplicative(
                        Case.of("scale 0", new MultiplicativeAttention(0)), s, Data.normal()));
        Data nan = Data.normal().sprinkled(9, Double.NaN);
        cases.add(multiplicative(Case.of("nan", SCALED), s, nan).noGradient());
        // Every score of the first query is −∞: it looks at nothing.
        Case minus = Case.of("minus infinity", SCALED);
        minus = minus.in(TensorSpec.f32(1, 2, 1), Data.of(Double.NEGATIVE_INFINITY, 1));
        minus =
                minus.in(TensorSpec.f32(1, 3, 1), Data.of(1, 2, 3))
                        .in(TensorSpec.f32(1, 3, 2))
                        .absent();
        cases.add(minus.noGradient());
        Size masked = Size.of("masked", 1, 2, 4, 3, 2, 2);
        Case c = Case.of("nan behind the length", SCALED).in(masked.queries());
        c = behind(behind(c, masked.keys(), 6), masked.values(), 4);
        cases.add(masked.lengths(c).noGradient());
        return halves(cases, "nan", "nan behind the length");
    }

    private static Case multiplicative(Case c, Size s, Data queries) {
        Case with = c.in(s.queries(), queries).in(s.keys()).in(s.values());
        return s.lengths(with).reduction(reduction(s.e));
    }

    static List<Case> additiveGradient() {
        AdditiveAttentionGradient op = new AdditiveAttentionGradient();
        List<Case> cases = new ArrayList<>();
        for (Size s : sizes()) {
            cases.add(
                    finish(
                            arrived(
                                    s.lengths(
                                            s.inputs(Case.of(s.name, op))
                                                    .in(TensorSpec.f32(s.e.a()))),
                                    s),
                            s));
        }
        for (Size s : benches()) {
            cases.add(
                    arrived(s.lengths(s.inputs(Case.of(s.name, op)).in(TensorSpec.f32(s.e.a()))), s)
                            .bench());
        }
        Size s = Size.of("", 2, 3, 5, 4, 3, 5, 2);
        Case c = s.lengths(s.inputs(Case.of("no dweights", op)).in(TensorSpec.f32(4)));
        cases.add(probabilities(c, s).in(s.context()).absent().reduction(sums(s.e)));
        c = s.lengths(s.inputs(Case.of("no dcontext", op)).in(TensorSpec.f32(4)));
        cases.add(probabilities(c, s).absent().in(s.weights()).reduction(sums(s.e)));
        Size masked = Size.of("masked", 1, 2, 4, 3, 2, 2);
        c = Case.of("nan behind the length", op).in(masked.queries());
        c = behind(behind(c, masked.keys(), 6), masked.values(), 4).in(TensorSpec.f32(3));
        cases.add(arrived(masked.lengths(c), masked));
        return halves(cases, "no dweights", "no dcontext", "nan behind the length");
    }

    static List<Case> multiplicativeGradient() {
        MultiplicativeAttentionGradient op = new MultiplicativeAttentionGradient(0.3f);
        List<Case> cases = new ArrayList<>();
        for (Size s : sizes()) {
            cases.add(finish(arrived(s.lengths(s.inputs(Case.of(s.name, op))), s), s));
        }
        for (Size s : benches()) {
            cases.add(arrived(s.lengths(s.inputs(Case.of(s.name, op))), s).bench());
        }
        Size s = Size.of("", 2, 3, 5, 4, 3, 5, 2);
        Case c = s.lengths(s.inputs(Case.of("no dweights", op)));
        cases.add(probabilities(c, s).in(s.context()).absent().reduction(sums(s.e)));
        c = s.lengths(s.inputs(Case.of("no dcontext", op)));
        cases.add(probabilities(c, s).absent().in(s.weights()).reduction(sums(s.e)));
        Size masked = Size.of("masked", 1, 2, 4, 3, 2, 2);
        c = Case.of("nan behind the length", op).in(masked.queries());
        c = behind(behind(c, masked.keys(), 6), masked.values(), 4);
        cases.add(arrived(masked.lengths(c), masked));
        return halves(cases, "no dweights", "no dcontext", "nan behind the length");
    }

    private static int sums(Extents e) {
        return reduction(e) + Math.max(1, e.n()) * e.tq() * e.tk();
    }

    private static Case arrived(Case c, Size s) {
        return probabilities(c, s).in(s.context()).in(s.weights()).reduction(sums(s.e));
    }

    /** Numbers of the size of weights; they need not be the softmax of anything. */
    private static Case probabilities(Case c, Size s) {
        return c.in(s.weights(), Data.uniform(0, 2.0 / Math.max(1, s.e.tk())));
    }
}
