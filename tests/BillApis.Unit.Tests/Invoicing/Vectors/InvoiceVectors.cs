using System.Collections.Immutable;
using System.Text.Json.Nodes;
using BillApis.Invoicing;
using BillApis.Tests.Vectors;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>Asks the settlement of invoices what the peers ask theirs.</summary>
internal static class InvoiceVectors
{
    public static string? Run(Vector vector) => vector.Category switch
    {
        "invoice" => Whole(vector),
        "tax" => Tax(vector),
        "tax_mode" => TaxMode(vector),
        "tax_rule" => TaxRule(vector),
        "wallet_allocation" => Wallets(vector),
        "apply_credit_notes" => CreditNotes(vector),
        "credit_note_sequence" => CreditNoteSequence(vector),
        "progressive_credit" => ProgressiveCredit(vector),
        "invoice_sequence" => SequenceVectors.Run(vector),
        "window_commitment" => WindowVectors.Run(vector),
        "progressive_invoice" => ProgressiveInvoice(vector),
        _ => AmountVectors.Run(vector),
    };

    private static string? Whole(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var lines = vector.Inputs["lines"]!.AsArray();
        var draft = peer.Draft(lines.Select(line => (line!["amount"], Vector.Text(line["id"]), (string?)null)));
        var coupons = (vector.Inputs["coupons"]?.AsArray() ?? []).Select((coupon, i) => Coupon(peer, vector, coupon!, i)).ToList();
        var payable = lines.Where(line => IsPayable(vector, line!)).Select(line => Vector.Text(line!["id"])!).ToHashSet();
        var scope = payable.Count == lines.Count ? CreditScope.All : new CreditScope { Products = [.. payable.DefaultIfEmpty("of no line").Select(peer.Product)] };
        var grants = (vector.Inputs["prepaid_credits"]?.AsArray() ?? []).Select((credit, i) => peer.Grant(credit!["balance"], i, scope)).ToList();
        var taxes = new TaxDecision([.. lines.Select(line => PeerInvoice.Taxes(line!["tax_percents"]))]);
        var settled = InvoiceSettlement.Settle(CouponDiscounts.Apply(draft, coupons), grants, taxes, PeerInvoice.Now);
        var invoice = settled.Invoice;
        var found = new Differences(vector.Expected);
        found.Compare("subtotal", invoice.Subtotal.Amount);
        found.Compare("discount", invoice.DiscountTotal.Amount);
        found.Compare("tax", invoice.TaxTotal.Amount);
        found.Compare("prepaid", invoice.Prepaid.Amount);
        found.Compare("prepaid_left", grants.Sum(grant => grant.Balance.Amount) - invoice.Prepaid.Amount);

        // What an invoice below zero owes becomes credit of the customer; the peers' total is the amount itself.
        found.Compare("total", (invoice.Total - invoice.Prepaid).Amount);
        found.Compare("average_tax_percent", Math.Round(Average(invoice), Vector.Number(vector.Expected["average_tax_percent"])?.Scale ?? 0, MidpointRounding.AwayFromZero));
        found.Compare("lines", (expected, report) => CompareLines(vector, expected, invoice, payable, report));
        CompareTaxes(vector, invoice, found);
        return found.Report();
    }

    // Prepaid credit may pay for some kinds of lines alone.
    private static bool IsPayable(Vector vector, JsonNode line) =>
        vector.Inputs["prepaid_applies_to"] is not JsonArray kinds || kinds.Select(Vector.Text).Contains(Vector.Text(line["kind"]));

    private static decimal Average(Invoice invoice) =>
        (invoice.Subtotal - invoice.DiscountTotal).Amount is var net && net != 0 ? invoice.TaxTotal.Amount * 100 / net : 0;

    private static Redemption Coupon(PeerInvoice peer, Vector vector, JsonNode coupon, int index)
    {
        var percentFirst = Vector.Text(vector.Inputs["coupon_order"]) is "percent_first" && coupon["percent_off"] is not null;
        var terms = peer.Terms(coupon, coupon["lines"]?.AsArray() is { } ids ? ids.Count == 0 ? ["of no line"] : ids.Select(id => Vector.Text(id)!) : null);
        return new Redemption(EntityId.New<CouponId>(), "", terms, PeerInvoice.Now + Duration.FromSeconds(percentFirst ? index - 1_000 : index));
    }

    private static void CompareLines(Vector vector, JsonArray expected, Invoice invoice, HashSet<string> payable, Action<string> report)
    {
        // Lago keeps fractions of a cent on its lines; ours are whole and add up.
        var tolerance = vector.Expected["lines"]!.AsArray().Any(line => (Vector.Number(line!["discount"]) ?? 0) * 100 % 1 != 0) ? 0.01m : 0;
        foreach (var line in expected)
        {
            var ours = invoice.Lines.Single(item => item.Description == Vector.Text(line!["id"]));
            var paid = payable.Contains(ours.Description) && invoice.Prepaid.Amount == invoice.Lines.Where(item => payable.Contains(item.Description)).Sum(item => item.Gross.Amount) ? ours.Gross.Amount : 0;
            foreach (var (field, amount) in new[] { ("discount", ours.Discount?.Amount ?? 0), ("tax", ours.Taxes.Sum(tax => tax.Amount.Amount)), ("prepaid", paid) })
            {
                if (Vector.Number(line![field]) is { } wanted && Math.Abs(wanted - amount) > tolerance)
                {
                    report($"{field} of {line["id"]}: expected {wanted}, got {amount}");
                }
            }
        }
    }

    private static void CompareTaxes(Vector vector, Invoice invoice, Differences found)
    {
        found.CompareText("taxes", Vector.Text(vector.Expected["taxes"]));
        foreach (var (rate, expected) in vector.Expected["taxes"]?.AsObject() ?? [])
        {
            var line = new Differences(expected!.AsObject());
            var tax = invoice.TaxLines.Single(item => item.Tax.Percentage == decimal.Parse(rate, System.Globalization.CultureInfo.InvariantCulture));
            line.Compare("base", tax.Base.Amount);
            line.Compare("tax", tax.Amount.Amount);
            found.Add(line.Report());
        }
    }

    private static string? Tax(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var draft = peer.Draft([(vector.Inputs["amount"], null, null)]);
        var percents = vector.Inputs["percents"]!.AsArray();
        var taxed = InvoiceTaxes.Apply(draft, new TaxDecision([[.. percents.Select((percent, i) => PeerInvoice.Tax(Vector.Number(percent)!.Value) with { Name = $"{i}" })]]));
        var found = new Differences(vector.Expected);
        found.Compare("tax", taxed.TaxTotal.Amount);
        found.Compare("taxes", (expected, report) =>
        {
            if (!expected.Select(Vector.Number).SequenceEqual(taxed.TaxLines.Select(line => (decimal?)line.Amount.Amount)))
            {
                report($"taxes: got {string.Join(", ", taxed.TaxLines.Select(line => line.Amount))}");
            }
        });
        return found.Report();
    }

    private static string? TaxMode(Vector vector)
    {
        var (amount, tax) = (vector.Of("amount"), vector.Of("tax"));
        var inclusive = Vector.Text(vector.Inputs["mode"]) is "inclusive";
        var rate = tax * 100 / (amount - (inclusive ? tax : 0));
        var taxed = InvoiceTaxes.Apply(new PeerInvoice(vector).Draft([(vector.Inputs["amount"], null, null)]), new TaxDecision([[PeerInvoice.Tax(rate, inclusive)]]));
        var found = new Differences(vector.Expected);
        found.Compare("net", taxed.Lines.Single().NetOfTax.Amount);
        found.Compare("total", taxed.Total.Amount);
        return found.Report();
    }

    private static string? TaxRule(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var table = new TaxTable([.. vector.Inputs["rules"]!.AsArray().Select(rule => new TaxRate { Country = Vector.Text(rule!["country"])!, Region = Vector.Text(rule["region"]), Percentage = Vector.Number(rule["percent"])!.Value })]);
        var draft = peer.Draft([(vector.Inputs["amount"], null, null)]);
        var customer = new TaxProfile(Vector.Text(vector.Inputs["country"]), Vector.Text(vector.Inputs["region"]));
        var taxed = InvoiceTaxes.Apply(draft, table.Decide(new TaxQuery(PeerInvoice.Now, peer.Currency, customer, [new TaxableLine(null, draft.Total)])));
        var found = new Differences(vector.Expected);
        found.Compare("percent", taxed.TaxLines.Single().Tax.Percentage);
        found.Compare("tax", taxed.TaxTotal.Amount);
        return found.Report();
    }

    // A fee's kind is a product here, so that a wallet for a kind is a grant for a product.
    private static string? Wallets(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var wallets = vector.Inputs["wallets"]!.AsArray().OrderBy(wallet => Vector.Number(wallet!["priority"]) ?? 0).Select((wallet, rank) => (Id: Vector.Text(wallet!["id"])!, Grant: peer.Grant(wallet["balance"], rank, new CreditScope
        {
            Products = [.. (wallet["kinds"]?.AsArray() ?? []).Select(kind => peer.Product(Vector.Text(kind)!))],
            Metrics = [.. (wallet["metrics"]?.AsArray() ?? []).Select(metric => peer.Metric(Vector.Text(metric)!))],
        }))).ToList();
        var draft = peer.Draft(vector.Inputs["fees"]!.AsArray().Select(fee => (fee!["amount"], Vector.Text(fee["kind"]), Vector.Text(fee["metric"]))));
        var invoice = InvoiceSettlement.Settle(draft, wallets.Select(wallet => wallet.Grant), TaxDecision.None, PeerInvoice.Now).Invoice;
        var found = new Differences(vector.Expected, "wallets");
        found.Compare("paid", invoice.Prepaid.Amount);
        foreach (var (id, grant) in wallets)
        {
            var used = invoice.Credits.SingleOrDefault(use => use.Grant == grant.Id)?.Amount.Amount ?? 0;
            found.Add(used == (Vector.Number(vector.Expected["wallets"]![id]) ?? 0) ? null : $"wallet {id}: got {used}, expected {vector.Expected["wallets"]![id]?.ToString() ?? "0"}");
        }

        return found.Report();
    }

    // A credit note that is left over is credit of the customer.
    private static string? CreditNotes(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var notes = vector.Inputs["credit_notes"]!.AsArray().Select((note, rank) => peer.Grant(note, rank)).ToList();
        var invoice = InvoiceSettlement.Settle(peer.Draft([(vector.Inputs["invoice_total"], null, null)]), notes, TaxDecision.None, PeerInvoice.Now).Invoice;
        var applied = notes.Select(note => invoice.Credits.SingleOrDefault(use => use.Grant == note.Id)?.Amount.Amount ?? 0).ToList();
        var found = new Differences(vector.Expected);
        found.Compare("applied", (expected, report) => Compare(expected, applied, report));
        found.Compare("credit_notes_left", (expected, report) => Compare(expected, [.. notes.Zip(applied, (note, used) => note.Balance.Amount - used)], report));
        return found.Report();
    }

    private static string? CreditNoteSequence(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var draft = peer.Draft(vector.Inputs["lines"]!.AsArray().Select(line => (line, (string?)null, (string?)null)));
        var taxed = InvoiceTaxes.Apply(draft, new TaxDecision([.. draft.Lines.Select(_ => ImmutableArray.Create(PeerInvoice.Tax(vector.Of("tax_percent"))))]));
        var credits = vector.Inputs["credits"]!.AsArray().Select(credit => Vector.Number(credit)!.Value).ToList();
        var rest = taxed.Subtotal.Amount - credits.Sum();
        var taxes = taxed.TaxTotal.Allocate(rest > 0 ? [.. credits, rest] : credits);
        var found = new Differences(vector.Expected);
        found.Compare("invoice_tax", taxed.TaxTotal.Amount);
        found.Compare("invoice_total", taxed.Total.Amount);
        found.Compare("notes", (expected, report) =>
        {
            foreach (var (note, i) in expected.Select((note, i) => (note!.AsObject(), i)))
            {
                var line = new Differences(note);
                line.Compare("excl_tax", credits[i]);
                line.Compare("tax", taxes[i].Amount);
                line.Compare("total", credits[i] + taxes[i].Amount);
                if (line.Report() is { } problem)
                {
                    report(problem);
                }
            }
        });
        return found.Report();
    }

    // What the last interim invoice billed for a fee is credit for that fee alone; what it does not use becomes a credit note.
    private static string? ProgressiveCredit(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var fees = vector.Inputs["fees"]!.AsObject();
        var last = vector.Inputs["billed_during_period"]!.AsArray().LastOrDefault()?.AsObject() ?? [];
        var grants = last.Select((billed, rank) => peer.Grant(billed.Value, rank, new CreditScope { Products = [peer.Product(billed.Key)] })).ToList();
        var settled = InvoiceSettlement.Settle(peer.Draft(fees.Select(fee => (fee.Value, (string?)fee.Key, (string?)null))), grants, TaxDecision.None, PeerInvoice.Now);
        var found = new Differences(vector.Expected, "per_fee");
        found.Compare("credit", settled.Invoice.Prepaid.Amount);
        found.Compare("credit_note", grants.Sum(grant => grant.Balance.Amount) - settled.Invoice.Prepaid.Amount);
        foreach (var (fee, credit) in vector.Expected["per_fee"]?.AsObject() ?? [])
        {
            var used = grants.Where(grant => grant.Scope.Products.Contains(peer.Product(fee))).Sum(grant => settled.Invoice.Credits.SingleOrDefault(use => use.Grant == grant.Id)?.Amount.Amount ?? 0);
            found.Add(used == Vector.Number(credit) ? null : $"{fee}: got {used}");
        }

        return found.Report();
    }

    private static string? ProgressiveInvoice(Vector vector)
    {
        var peer = new PeerInvoice(vector);
        var draft = peer.Draft([(vector.Inputs["plan_fee"], null, null), (vector.Inputs["usage_total"], "usage", null)]);
        var settled = InvoiceSettlement.Settle(draft, [peer.Grant(vector.Inputs["billed_during_period"], 0, new CreditScope { Products = [peer.Product("usage")] })], TaxDecision.None, PeerInvoice.Now);
        var found = new Differences(vector.Expected);
        found.Compare("fees", settled.Invoice.Subtotal.Amount);
        found.Compare("progressive_credit", settled.Invoice.Prepaid.Amount);
        found.Compare("total", settled.Invoice.Due.Amount);
        return found.Report();
    }

    private static void Compare(JsonArray expected, IReadOnlyList<decimal> actual, Action<string> report)
    {
        if (!expected.Select(item => Vector.Number(item)!.Value).SequenceEqual(actual))
        {
            report($"expected {expected.ToJsonString()}, got {string.Join(", ", actual)}");
        }
    }
}
