using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Metering;

namespace BillApis.Cli.Verification;

/// <summary>Recomputes an exported invoice from its prices and events.</summary>
internal sealed class InvoiceVerification
{
    private readonly InvoiceExport _export;
    private readonly Invoice _invoice;
    private readonly JsonElement _file;
    private readonly IReadOnlyList<UsageEvent> _events;
    private readonly Findings _findings = new();

    private InvoiceVerification(JsonElement file, IReadOnlyList<UsageEvent> events)
    {
        (_file, _events) = (file, events);
        _export = file.Deserialize<InvoiceExport>(BillingJson.Options)!;
        _invoice = _export.Invoice.Deserialize<Invoice>(BillingJson.Options)!;
    }

    /// <summary>What is wrong with an invoice; empty where it is sound.</summary>
    /// <exception cref="JsonException">The file is not an exported invoice, or a line of the events is not an event.</exception>
    public static IReadOnlyList<string> Run(byte[] invoice, byte[] events)
    {
        using var document = JsonDocument.Parse(invoice);
        var verification = new InvoiceVerification(document.RootElement, ReadEvents(events));
        verification.Verify();
        return verification._findings.All;
    }

    /// <summary>The number of the invoice and what it comes to, and what could not be checked of it.</summary>
    public static string Describe(byte[] invoice)
    {
        var read = JsonSerializer.Deserialize<InvoiceExport>(invoice, BillingJson.Options)!;
        var document = read.Invoice.Deserialize<Invoice>(BillingJson.Options)!;
        var knowsCommitments = read.Earlier is not null && ExportedSubscriptions.All(read).All(subscription => subscription.Commitments is not null);
        var following = document.Lines.Count(line => (read.Earlier is null && (line.RefersBack || line.Kind is LineKind.Adjustment)) || (line.Kind is LineKind.Commitment && !knowsCommitments));
        return $"{document.DisplayNumber ?? document.Id.ToString()}: {document.Lines.Length} lines, {read.Totals.Total}, {read.Events.Count} events"
            + (following == 0 ? "" : $"{Environment.NewLine}not checked: what earlier invoices billed, which {following} of the lines follow from; the file does not say it");
    }

    internal static IReadOnlyList<UsageEvent> ReadEvents(byte[] events)
    {
        var (read, start) = (new List<UsageEvent>(), 0);
        while (start < events.Length)
        {
            var end = Array.IndexOf(events, (byte)'\n', start) is >= 0 and var found ? found : events.Length;
            if (end > start)
            {
                read.Add(JsonSerializer.Deserialize<UsageEvent>(events.AsSpan(start, end - start), BillingJson.Options)!);
            }

            start = end + 1;
        }

        return read;
    }

    private void Verify()
    {
        if (_export.Format != InvoiceExport.Version1)
        {
            _findings.Add("format", $"must be {InvoiceExport.Version1}");
        }

        var earlier = new EarlierBills(_export, _invoice, _findings);
        new LineVerification(_export, _invoice, _events, earlier, _findings).Verify();
        new QuantityVerification(_export, _invoice, _findings).Verify();
        new OnceVerification(_export, _invoice, _events, _findings).Verify();
        new DeductionVerification(_export, _invoice, _findings).Verify();
        VerifyReferences(earlier);
        VerifyTotals();
        VerifyHashes();
    }

    // What earlier invoices billed is in files that were written since those could say it.
    private void VerifyReferences(EarlierBills earlier)
    {
        if (!earlier.IsKnown)
        {
            return;
        }

        new ReferenceVerification(_export, _invoice, earlier, _findings).Verify();
        new CommitmentVerification(_export, _invoice, earlier, _findings).Verify();
        new ScheduleVerification(_export, _invoice, earlier, _findings).Verify();
        foreach (var subscription in _invoice.Lines.Select(line => line.Subscription ?? _invoice.Subscription).Distinct())
        {
            new MovedVerification(_export, _invoice, earlier, _findings).Verify(subscription);
        }
    }

    private void VerifyTotals()
    {
        BigInteger Sum(IEnumerable<Money> amounts) => amounts.Aggregate(BigInteger.Zero, (sum, amount) => sum + amount.MinorUnits);
        var (subtotal, discounts) = (Sum(_invoice.Lines.Select(line => line.Amount)), Sum(_invoice.Discounts.Select(discount => discount.Amount)));
        var credits = Sum(_invoice.Credits.Where(use => use.Category is CreditCategory.Promotional).Select(use => use.Amount));
        _findings.Expect("totals.subtotal", _export.Totals.Subtotal, subtotal, "the sum of the lines");
        _findings.Expect("totals.discount_total", _export.Totals.DiscountTotal, discounts, "the sum of the discounts");
        _findings.Expect("totals.credit_total", _export.Totals.CreditTotal, credits, "the sum of the promotional credits");
        _findings.Expect("totals.tax_total", _export.Totals.TaxTotal, Sum(_invoice.TaxLines.Select(tax => tax.Amount)), "the sum of the taxes");
        _findings.Expect("totals.total", _export.Totals.Total, subtotal - discounts - credits + Sum(_invoice.TaxLines.Where(tax => !tax.Tax.Inclusive).Select(tax => tax.Amount)), "what is left with the taxes on top");
        _findings.Expect("totals.prepaid", _export.Totals.Prepaid, Sum(_invoice.Credits.Where(use => use.Category is CreditCategory.Paid).Select(use => use.Amount)), "the sum of the paid credits");
    }

    // Whatever arithmetic cannot tell: names, dates, ids.
    private void VerifyHashes()
    {
        var digest = EventDigest.Of(_events);
        if (digest != _export.Events)
        {
            _findings.Add("events", $"{digest.Count} events with the hash {digest.Hash} are not the {_export.Events.Count} with {_export.Events.Hash} that were counted");
        }

        if (_export.Seal is { } seal && !seal.Fits(CanonicalJson.Write(_export.Invoice)))
        {
            _findings.Add("seal.hash", "is not that of the invoice: the invoice was changed after it was issued");
        }

        if (_export.Seal is null && _invoice.Number is not null)
        {
            _findings.Add("seal", "is missing: it was taken out, or the invoice was issued before documents were sealed");
        }

        if (_export.Hash != Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.WriteWhole(_file, "hash"))))
        {
            _findings.Add("hash", "is not that of the file: the file was changed");
        }
    }
}
