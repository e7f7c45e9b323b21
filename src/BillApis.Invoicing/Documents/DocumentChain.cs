using System.Globalization;

namespace BillApis.Invoicing;

/// <summary>Follows the hashes of a series from its first sealed document to its last.</summary>
/// <param name="Series">The series.</param>
/// <param name="Last">The last number that was given.</param>
/// <param name="Hash">The hash of the last sealed document, as the series keeps it; null where none was sealed.</param>
public sealed record DocumentChain(string Series, long Last, string? Hash)
{
    /// <summary>What is wrong with the documents of the series: changed, missing, or not of the series.</summary>
    /// <param name="links">Every document that has a number of the series, in any order.</param>
    public IReadOnlyList<ChainFault> Verify(IEnumerable<ChainLink> links)
    {
        var ordered = links.OrderBy(link => link.Number).ToList();
        var faults = new List<ChainFault>();
        foreach (var missing in Missing(ordered))
        {
            faults.Add(new ChainFault(Series, missing, null, "there is no document with this number: it was removed"));
        }

        var sealedOnes = ordered.Where(link => link.Seal is not null).ToList();
        faults.AddRange(ordered.Where(link => link.Seal is null && sealedOnes.Count > 0 && link.Number > sealedOnes[0].Number).Select(link => Fault(link, "it has no seal: it was put in later")));
        faults.AddRange(ordered.Where(link => link.Number > Last || link.Number < 1).Select(link => Fault(link, "the series never gave this number: it was put in")));
        var previous = "";
        foreach (var link in sealedOnes)
        {
            if (link.Seal!.Previous != previous)
            {
                faults.Add(Fault(link, "it does not follow the document before it: one was changed, removed or put in"));
            }

            if (!link.IsSound)
            {
                faults.Add(Fault(link, "it is not what was issued: it was changed"));
            }

            previous = link.Seal.Hash;
        }

        if (previous != (Hash ?? ""))
        {
            faults.Add(new ChainFault(Series, Last, null, "the last document is not the one that the series ends with"));
        }

        return [.. faults.OrderBy(fault => fault.Number)];
    }

    private IEnumerable<long> Missing(List<ChainLink> ordered)
    {
        var there = ordered.Select(link => link.Number).ToHashSet();
        for (var number = 1L; number <= Last; number++)
        {
            if (!there.Contains(number))
            {
                yield return number;
            }
        }
    }

    private ChainFault Fault(ChainLink link, string what) => new(Series, link.Number, link.Id, what);
}

/// <summary>A document in its series.</summary>
/// <param name="Number">Its place.</param>
/// <param name="Id">Its id.</param>
/// <param name="Seal">Its seal; null where it was issued before documents were sealed.</param>
/// <param name="IsSound">Whether the seal is that of its content.</param>
public sealed record ChainLink(long Number, string Id, DocumentSeal? Seal, bool IsSound);

/// <summary>What is wrong at a place of a series.</summary>
/// <param name="Series">The series.</param>
/// <param name="Number">The place.</param>
/// <param name="Id">The document that stands there; null where there is none.</param>
/// <param name="Message">What is wrong.</param>
public sealed record ChainFault(string Series, long Number, string? Id, string Message)
{
    /// <summary>For example <c>INV-000042: it is not what was issued: it was changed</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Series}-{Number:D6}: {Message}");
}
