package dev.unwrite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What one run of PIT found. PIT itself takes a run that made no mutants, or in which no test ran, for a success.
 *
 * @param mutants   how many there were
 * @param detected  how many were noticed by a test, in whatever way
 * @param killed    how many of these by a test that failed
 */
record MutationReport(int mutants, int detected, int killed) {
    /** Reads a {@code mutations.xml}; one line if there is none. */
    static MutationReport read(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException("no mutation report at " + file + ": run the mutation tests first");
        }
        int mutants = 0;
        int detected = 0;
        int killed = 0;
        XMLInputFactory factory = XMLInputFactory.newFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        try (InputStream in = Files.newInputStream(file)) {
            XMLStreamReader xml = factory.createXMLStreamReader(in);
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamConstants.START_ELEMENT
                        && xml.getLocalName().equals("mutation")) {
                    mutants++;
                    detected += "true".equals(xml.getAttributeValue(null, "detected")) ? 1 : 0;
                    killed += "KILLED".equals(xml.getAttributeValue(null, "status")) ? 1 : 0;
                }
            }
        } catch (XMLStreamException e) {
            throw new IOException("the mutation report " + file + " is cut off: " + e.getMessage(), e);
        }
        return new MutationReport(mutants, detected, killed);
    }

    /** One line that says what is wrong with the run; empty if at least {@code percentMin} of 100 were detected. */
    String complaint(int percentMin) {
        if (mutants == 0) {
            return "no mutants were made: is Maven itself on a JDK 25, and do the classes still exist?";
        }
        if (killed == 0) {
            return "none of " + mutants + " mutants was killed: no test ran";
        }
        return detected * 100 < mutants * percentMin
                ? detected + " of " + mutants + " mutants were detected, which is less than " + percentMin + " %"
                : "";
    }
}
