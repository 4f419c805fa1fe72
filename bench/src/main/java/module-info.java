/** How well: the command line, measurements, reports. */
module io.tatara.bench {
    requires info.picocli;
    requires io.tatara.models;
    requires io.tatara.runtime;
    requires static jdk.incubator.vector;
    requires java.desktop;
    requires java.management;
    requires jmh.core;
    requires xchart;
    requires org.tukaani.xz;
    requires tools.jackson.databind;

    opens io.tatara.bench.cli to
            info.picocli;
    // JMH, Jackson and the loader of kernel sources look in here.
    opens io.tatara.bench.measure;
}
