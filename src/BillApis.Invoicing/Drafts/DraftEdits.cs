using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>What a person may change of a draft: lines that were not calculated, the notes and the purchase order; each change is kept with who made it.</summary>
public static class DraftEdits
{
    /// <summary>The most changes that are kept of one draft.</summary>
    public const int MaxEdits = 1_000;

    /// <summary>Adds a line; taxes have to be decided anew.</summary>
    /// <exception cref="BillingException">It is not a draft, or has as many lines as it may.</exception>
    public static Invoice AddLine(this Invoice draft, InvoiceLine line, Instant at, string? by)
    {
        ArgumentNullException.ThrowIfNull(draft);
        ArgumentNullException.ThrowIfNull(line);
        Check.Range("lines", draft.Lines.Length + 1, 0, Limits.LinesPerInvoice);
        return draft.Edited(at, by, $"added the line '{line.Description}' over {line.Amount}") with { Lines = draft.Lines.Add(line) };
    }

    /// <summary>Replaces a line by another under its id; taxes have to be decided anew.</summary>
    /// <exception cref="BillingException">It is not a draft, has no such line, or the line was calculated.</exception>
    public static Invoice ChangeLine(this Invoice draft, InvoiceLineId id, Func<InvoiceLine, InvoiceLine> change, Instant at, string? by)
    {
        ArgumentNullException.ThrowIfNull(change);
        var place = PlaceOf(draft, id);
        var line = change(draft.Lines[place]) with { Id = id };
        return draft.Edited(at, by, $"changed the line '{draft.Lines[place].Description}' over {draft.Lines[place].Amount} to '{line.Description}' over {line.Amount}") with { Lines = draft.Lines.SetItem(place, line) };
    }

    /// <summary>Takes a line off; taxes have to be decided anew.</summary>
    /// <exception cref="BillingException">It is not a draft, has no such line, or the line was calculated.</exception>
    public static Invoice RemoveLine(this Invoice draft, InvoiceLineId id, Instant at, string? by)
    {
        var place = PlaceOf(draft, id);
        return draft.Edited(at, by, $"removed the line '{draft.Lines[place].Description}' over {draft.Lines[place].Amount}") with { Lines = draft.Lines.RemoveAt(place) };
    }

    /// <summary>Sets the notes and the purchase order; null takes one off.</summary>
    /// <exception cref="BillingException">It is not a draft, or a text is too long.</exception>
    public static Invoice Describe(this Invoice draft, string? notes, string? purchaseOrder, Instant at, string? by)
    {
        ArgumentNullException.ThrowIfNull(draft);
        RequireDraft(draft);
        Check.Text("notes", notes);
        Check.Text("purchase_order", purchaseOrder, Limits.CodeLength);
        ImmutableArray<string> what = [
            .. notes == draft.Notes ? [] : (string[])[notes is null ? "removed the notes" : "changed the notes"],
            .. purchaseOrder == draft.PurchaseOrder ? [] : (string[])[purchaseOrder is null ? "removed the purchase order" : $"changed the purchase order to '{purchaseOrder}'"]];
        return what.IsEmpty ? draft : draft.Edited(at, by, string.Join(" and ", what)) with { Notes = notes, PurchaseOrder = purchaseOrder };
    }

    /// <summary>What was calculated anew, with what people had changed of the draft.</summary>
    public static Invoice WithEditsOf(this Invoice calculated, Invoice draft)
    {
        ArgumentNullException.ThrowIfNull(calculated);
        ArgumentNullException.ThrowIfNull(draft);
        return calculated with
        {
            Lines = [.. calculated.Lines, .. draft.Lines.Where(line => line.Kind is LineKind.OneOff)],
            Notes = draft.Notes ?? calculated.Notes,
            PurchaseOrder = draft.PurchaseOrder ?? calculated.PurchaseOrder,
            Edits = [.. calculated.Edits, .. draft.Edits],
            Version = draft.Version,
        };
    }

    private static Invoice Edited(this Invoice draft, Instant at, string? by, string what)
    {
        RequireDraft(draft);
        Check.Range("edits", draft.Edits.Length + 1, 0, MaxEdits);
        return draft with { Edits = draft.Edits.Add(new InvoiceEdit(at, by, what)) };
    }

    private static int PlaceOf(Invoice draft, InvoiceLineId id)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var place = draft.Lines.Select((line, i) => (line, i)).Where(item => item.line.Id == id).Select(item => (int?)item.i).SingleOrDefault()
            ?? throw BillingException.NotFound("line of the invoice", id.ToString());
        Require(draft, draft.Lines[place].Kind is LineKind.OneOff, $"has the line '{id}' from its subscription; add a line that takes off or adds what is missing");
        return place;
    }

    private static void RequireDraft(Invoice invoice) =>
        Require(invoice, invoice.Status is InvoiceStatus.Draft, "is no draft and never changes; take back a part by a credit memo, or cancel and reissue it");

    private static void Require(Invoice invoice, bool allowed, string why)
    {
        if (!allowed)
        {
            throw new BillingException(BillingErrorCode.Conflict, $"The invoice '{invoice.Id}' {why}.");
        }
    }
}
