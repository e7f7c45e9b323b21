using System.Globalization;
using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>What earlier documents in the file say of the lines that an invoice gives back or adjusts.</summary>
internal sealed class EarlierBills
{
    private readonly Invoice _invoice;
    private readonly List<EarlierBill> _bills = [];
    private readonly List<(ExportedDocument File, CreditMemo Memo)> _memos = [];

    public EarlierBills(InvoiceExport export, Invoice invoice, Findings findings)
    {
        (_invoice, IsKnown) = (invoice, export.Earlier is not null);
        var seen = new HashSet<(SubscriptionId, string)>();
        foreach (var (i, file) in (export.Earlier ?? []).Index())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"earlier[{i}]");
            var (bill, memo) = (Read<Invoice>(file.Invoice), Read<CreditMemo>(file.CreditMemo));
            if (bill is null == memo is null || !seen.Add((file.Subscription, bill?.Id.ToString() ?? memo!.Id.ToString())))
            {
                findings.Add(path, "is no document of its own");
            }

            if ((bill?.Customer ?? memo?.Customer) != invoice.Customer || bill?.Id == invoice.Id || (bill?.CreatedAt > invoice.CreatedAt && !(bill.IssuedAt <= invoice.IssuedAt)) || memo?.IssuedAt > invoice.IssuedAt)
            {
                findings.Add(path, "is no earlier document of the customer");
            }

            if ((file.Seal is null && (bill?.Number ?? memo?.Number) is not null) || (file.Seal is { } seal && !seal.Fits(CanonicalJson.Write((file.Invoice ?? file.CreditMemo)!.Value))))
            {
                findings.Add($"{path}.seal", "is not that of the document: it was changed after it was issued");
            }

            if (bill is not null)
            {
                _bills.Add(new EarlierBill(file, bill, bill.PartOf(file.Subscription)));
            }
            else if (memo is not null)
            {
                _memos.Add((file, memo));
            }
        }

        InvoiceLine[] lines = [.. invoice.Lines, .. _bills.SelectMany(bill => bill.Part.Lines)];
        for (var i = 0; i < _bills.Count; i++)
        {
            _bills[i] = _bills[i] with { Part = WithSettled(_bills[i].Part, lines) };
        }
    }

    // A bill that settled a commitment with nothing missing has no line of that, which what is missing after all corrects; as far as the bill says, it bears the taxes that its lines without a category do.
    private static Invoice WithSettled(Invoice bill, InvoiceLine[] lines)
    {
        var settled = bill.Kind is InvoiceKind.Subscription or InvoiceKind.Consolidated
            ? SettledCommitment.KnownTo(lines.Where(line => line.Period?.End <= bill.CreatedAt && !bill.Lines.Any(own => own.Kind is LineKind.Commitment && own.Period == line.Period)), bill).Select(line => SettledCommitment.TaxesOn(bill) is { } taxes ? line with { Taxes = taxes } : line).ToList()
            : [];
        return settled.Count == 0 ? bill : bill with { Lines = [.. bill.Lines, .. settled] };
    }

    /// <summary>Whether the file says anything of earlier documents; those that were written before it could do not.</summary>
    public bool IsKnown { get; }

    /// <summary>The bill that has a line.</summary>
    public EarlierBill? With(InvoiceLineId line) => _bills.Find(bill => bill.Part.Lines.Any(own => own.Id == line));

    /// <summary>What was billed a subscription, the oldest first. What a person withdrew counts as billed, and what stands in its place does not count beside it.</summary>
    public IEnumerable<EarlierBill> Of(SubscriptionId? subscription) => _bills.Where(bill => bill.File.Subscription == subscription && bill.Document.Replaces is null);

    /// <summary>The lines that bill, or adjust what was billed, of those bills and of the credit memos that were given for late usage of the subscription before the invoice.</summary>
    public IEnumerable<InvoiceLine> LinesOf(SubscriptionId? subscription)
    {
        var correction = subscription is { } id ? _invoice.PartOf(id).Correction : null;
        return [.. Of(subscription).SelectMany(bill => bill.Part.Lines), .. MemosOf(subscription).Where(memo => memo.Memo.Subscription == subscription && memo.Memo.Correction is { } number && !(number >= correction)).SelectMany(memo => memo.Memo.Lines).Select(line => line.Adjustment).OfType<InvoiceLine>()];
    }

    /// <summary>All bills of a subscription, those too that stand in the place of others.</summary>
    public IEnumerable<EarlierBill> AllOf(SubscriptionId? subscription) => _bills.Where(bill => bill.File.Subscription == subscription);

    /// <summary>The credit memos of a subscription's bills, of which those over several subscriptions have memos of the others too.</summary>
    public IEnumerable<(ExportedDocument File, CreditMemo Memo)> MemosOf(SubscriptionId? subscription) => _memos.Where(memo => memo.File.Subscription == subscription);

    /// <summary>The line that pays instead of another, where its bill was withdrawn and issued again.</summary>
    public InvoiceLineId Standing(InvoiceLineId id)
    {
        foreach (var by in _bills.Where(bill => bill.Document.Replaces is not null))
        {
            if (_bills.Find(bill => bill.Document.Id == by.Document.Replaces && bill.File.Subscription == by.File.Subscription) is { } withdrawn
                && withdrawn.Part.Lines.Zip(by.Part.Lines).FirstOrDefault(pair => pair.First.Id == id) is { First: { } old, Second: { } line } && (old.Kind, old.Price, old.Period) == (line.Kind, line.Price, line.Period))
            {
                return Standing(line.Id);
            }
        }

        return id;
    }

    private static T? Read<T>(System.Text.Json.JsonElement? json) where T : class => json is { } element ? System.Text.Json.JsonSerializer.Deserialize<T>(element, BillingJson.Options) : null;
}

/// <summary>An earlier invoice, and what it billed one subscription.</summary>
internal sealed record EarlierBill(ExportedDocument File, Invoice Document, Invoice Part);
