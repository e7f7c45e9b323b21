using BillApis.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class DraftTests
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 1, 0, 0);

    [Fact]
    public void Each_change_of_a_draft_is_kept_with_who_made_it()
    {
        var added = Draft(Line("Work", 10m)).AddLine(Line("Travel", 5m), Now, "anna");
        var changed = added.ChangeLine(added.Lines[1].Id, line => line with { Description = "Train", Amount = Money.Of(7m, Usd) }, Now, "bert");
        var removed = changed.RemoveLine(changed.Lines[0].Id, Now, null).Describe("Thanks", "PO 7", Now, "anna");

        (removed.Total.Amount, removed.Notes, removed.PurchaseOrder).ShouldBe((7m, "Thanks", "PO 7"));
        removed.Lines.Single().Id.ShouldBe(added.Lines[1].Id);
        removed.Edits.Select(edit => (edit.By, edit.What)).ShouldBe([
            ("anna", "added the line 'Travel' over 5.00 USD"), ("bert", "changed the line 'Travel' over 5.00 USD to 'Train' over 7.00 USD"),
            (null, "removed the line 'Work' over 10.00 USD"), ("anna", "changed the notes and changed the purchase order to 'PO 7'")]);
        removed.Describe("Thanks", "PO 7", Now, "anna").ShouldBeSameAs(removed);
    }

    [Fact]
    public void What_was_calculated_and_what_is_issued_cannot_be_changed()
    {
        var draft = Draft(Line("Fee", 10m) with { Kind = LineKind.Flat });
        var issued = Draft(Line("Work", 10m)).Issue(Now, 14);
        Refused(() => draft.ChangeLine(draft.Lines[0].Id, line => line, Now, null)).ShouldContain("from its subscription");
        Refused(() => draft.RemoveLine(draft.Lines[0].Id, Now, null)).ShouldContain("from its subscription");
        Refused(() => issued.AddLine(Line("More", 1m), Now, null)).ShouldContain("never changes");
        Refused(() => issued.ChangeLine(issued.Lines[0].Id, line => line, Now, null)).ShouldContain("never changes");
        Refused(() => issued.Describe(null, null, Now, null)).ShouldContain("never changes");
        Should.Throw<BillingException>(() => draft.RemoveLine(EntityId.New<InvoiceLineId>(), Now, null)).Code.ShouldBe(BillingErrorCode.NotFound);
    }

    [Fact]
    public void A_replacement_is_a_draft_of_the_same_lines_and_knows_what_it_replaces()
    {
        var issued = (Draft(Line("Work", 10m), Line("Fee", 5m)) with { Subscription = EntityId.New<SubscriptionId>(), Kind = InvoiceKind.Subscription, Number = 4, Notes = "n" }).Issue(Now, 14);
        var later = Now + Duration.FromDays(1);
        var (withdrawn, replacement) = Reissue.Of(issued, _ => 3, later);

        (withdrawn.Status, withdrawn.ReplacedBy, withdrawn.Number).ShouldBe((InvoiceStatus.Canceled, replacement.Id, 4));
        (replacement.Status, replacement.Replaces, replacement.Number, replacement.Kind, replacement.Sequence, replacement.Correction).ShouldBe((InvoiceStatus.Draft, issued.Id, null, InvoiceKind.Replacement, 3, 3));
        (replacement.Total, replacement.Notes, replacement.DueAt, replacement.IssuedAt, replacement.Version).ShouldBe((issued.Total, "n", null, null, 0));
        replacement.Lines.Select(line => line.Id).Intersect(issued.Lines.Select(line => line.Id)).ShouldBeEmpty();

        Refused(() => Reissue.Of(withdrawn, _ => 4, later)).ShouldContain("already");
        Refused(() => Reissue.Of(replacement, _ => 4, later)).ShouldContain("draft");
        Refused(() => Reissue.Of(issued.Pay(new InvoicePayment(EntityId.New<PaymentId>(), Money.Of(1m, Usd), null, Now)), _ => 4, later)).ShouldContain("payment");
        Reissue.Of(issued.Cancel(), _ => 4, later).Withdrawn.Status.ShouldBe(InvoiceStatus.Canceled);
    }

    [Theory]
    [InlineData(false, 2225, 11125, 2500, 12500)] // 25 % of 89 and of 100
    [InlineData(true, 1780, 8900, 2000, 10000)] // a fifth of 89 and of 100
    public void The_taxes_of_a_replacement_are_of_all_that_it_charges_without_the_credit_that_was_given_back(bool inclusive, long tax, long total, long taxWithout, long totalWithout)
    {
        var draft = Draft(Line("Work", 60m), Line("Fee", 40m));
        var issued = InvoiceSettlement.Settle(draft, [Bills.Grant(11m, CreditCategory.Promotional)], Bills.On(draft, Bills.Vat(25m, inclusive)), Now).Invoice.Issue(Now, 14);
        (issued.TaxTotal.MinorUnits, issued.Total.MinorUnits).ShouldBe((tax, total));

        var replacement = Reissue.Of(issued, _ => 1, Now + Duration.FromDays(1)).Replacement;

        (replacement.CreditTotal.MinorUnits, replacement.TaxTotal.MinorUnits, replacement.Total.MinorUnits).ShouldBe((0, taxWithout, totalWithout));
    }

    private static string Refused(Action action)
    {
        var refusal = Should.Throw<BillingException>(action);
        refusal.Code.ShouldBe(BillingErrorCode.Conflict);
        return refusal.Message;
    }

    private static InvoiceLine Line(string description, decimal amount) =>
        new() { Id = EntityId.New<InvoiceLineId>(), Kind = LineKind.OneOff, Description = description, Quantity = 1, Amount = Money.Of(amount, Usd) };

    private static Invoice Draft(params InvoiceLine[] lines) => new()
    {
        Id = EntityId.New<InvoiceId>(), Tenant = TenantId.Default, Customer = EntityId.New<CustomerId>(), Kind = InvoiceKind.OneOff, Currency = Usd, CreatedAt = Now, Lines = [.. lines],
    };
}
