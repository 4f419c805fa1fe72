package io.tatara.runtime.tune;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The variants that a device may run an op by. */
public final class Variants {
    private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");

    private Variants() {}

    /**
     * By name, the preferred first: the kernels of the op's list, each followed by its other
     * parameters.
     */
    public static <O extends Op> Map<String, GpuKernel<O>> of(
            OpEntry<O> entry, O op, TensorSpec[] in, GpuTraits traits) {
        Map<String, GpuKernel<O>> all = new LinkedHashMap<>();
        for (GpuKernel<O> k : entry.gpu()) {
            if (k.supports(op, in, traits)) {
                all.putIfAbsent(k.variant(), k);
                for (GpuKernel<O> c : k.candidates(op, in, traits)) {
                    all.putIfAbsent(c.variant(), c);
                }
            }
        }
        return all;
    }

    /**
     * A hash over the sources of a plan with their headers, not over the definitions and sizes,
     * which differ within a shape class, and not over comments and spaces.
     */
    public static String sources(GpuPlan plan, GpuTraits traits) {
        TreeSet<String> texts = new TreeSet<>();
        for (GpuPlan.Launch l : plan.launches()) {
            texts.add(bare(l.program().source()));
            for (String h : l.program().headers()) {
                texts.add(bare(GpuSources.load(GpuSources.class, h)));
            }
        }
        MessageDigest d = sha256();
        d.update(bare(GpuSources.header(traits.api())).getBytes(StandardCharsets.UTF_8));
        for (String t : texts) {
            d.update((byte) 0);
            d.update(t.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(d.digest(), 0, 8);
    }

    /** Without comments and with one blank for each run of white space; lines stay lines. */
    static String bare(String source) {
        return COMMENT.matcher(source)
                .replaceAll(" ")
                .replaceAll("[ \\t]+", " ")
                .replaceAll(" ?\\R\\s*", "\n")
                .strip();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
