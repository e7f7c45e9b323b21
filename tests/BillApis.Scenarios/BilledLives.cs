using BillApis.Cli.Verification;

namespace BillApis.Scenarios;

/// <summary>What holds of all bills of a life, counted otherwise than they were made.</summary>
internal static class BilledLives
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A recomputation that shares no arithmetic agrees.</summary>
    public static async Task RecomputeAsync(Scenario life, string invoice, string? what = null)
    {
        var (export, events) = (await life.Billing.Exports.InvoiceAsync(life.Tenant, invoice, Token), await life.Billing.Exports.EventsAsync(life.Tenant, invoice, Token));
        InvoiceVerification.Run(export, events).ShouldBeEmpty(what ?? invoice);
    }

    /// <summary>A recomputation agrees, and so does the explanation.</summary>
    public static async Task VerifyAsync(Scenario life, Invoice invoice, string what)
    {
        await RecomputeAsync(life, invoice.Id.ToString(), what);
        (await life.Billing.Explanations.InvoiceAsync(life.Tenant, invoice.Id.ToString(), cancellationToken: Token)).Lines.ShouldAllBe(line => line.Agrees, what);
    }

    /// <summary>The same of every invoice of a life with one customer.</summary>
    public static async Task VerifyAsync(Scenario life)
    {
        foreach (var invoice in await life.InvoicesAsync("acme"))
        {
            await VerifyAsync(life, invoice, invoice.Id.ToString());
        }
    }

    /// <summary>The same of every invoice of all customers.</summary>
    public static async Task VerifyAllAsync(Scenario life, string place)
    {
        foreach (var invoice in await AllAsync(life))
        {
            await VerifyAsync(life, invoice, $"{place}, {invoice.Kind} {invoice.Id} at {invoice.CreatedAt}");
        }
    }

    /// <summary>Lines sum to totals, no usage is charged twice, what was given back is never more than what was billed, and the books balance.</summary>
    public static async Task CheckAsync(Scenario life, string place)
    {
        var invoices = await AllAsync(life);
        foreach (var invoice in invoices)
        {
            var what = $"{place}, {invoice.Id}";
            invoice.Subtotal.Amount.ShouldBe(invoice.Lines.Sum(line => line.Amount.Amount), what);
            invoice.DiscountTotal.Amount.ShouldBe(invoice.Lines.Sum(line => line.Discount?.Amount ?? 0), what);
            invoice.Discounts.Sum(discount => discount.Amount.Amount).ShouldBe(invoice.DiscountTotal.Amount, what);
            invoice.Total.Amount.ShouldBe(invoice.Lines.Sum(line => line.Gross.Amount), what);
        }

        var lines = invoices.SelectMany(invoice => invoice.Lines).ToList();
        var moved = lines.Where(line => line.Kind is LineKind.Discount).ToLookup(line => line.Corrects);
        foreach (var given in lines.Where(line => line.GivesBack is not null).GroupBy(line => line.GivesBack))
        {
            Math.Abs(given.Sum(line => line.Amount.Amount)).ShouldBeLessThanOrEqualTo(Math.Abs(lines.Single(line => line.Id == given.Key).Net.Amount - moved[given.Key].Sum(line => line.Discount!.Value.Amount)), $"{place}, {given.Key}");
        }

        foreach (var used in invoices.SelectMany(invoice => invoice.Lines, (invoice, line) => (Subscription: line.Subscription ?? invoice.Subscription, line)).Where(item => item.line.Kind is LineKind.Usage).GroupBy(item => (item.Subscription, item.line.Price, string.Join(',', item.line.Group))))
        {
            var periods = used.Select(item => item.line.Period!.Value).OrderBy(period => period.Start).ToList();
            periods.Zip(periods.Skip(1)).ShouldAllBe(pair => pair.First.End <= pair.Second.Start, $"{place}, {used.Key}");
        }

        (await life.Billing.Books.TrialBalanceAsync(life.Tenant, null, Token)).Totals.ShouldAllBe(total => total.Debits == total.Credits);
    }

    /// <summary>All of that of all customers, and the balances of the books and of credit are what their entries give.</summary>
    public static async Task ProveAsync(Scenario life)
    {
        await VerifyAllAsync(life, "a life");
        await CheckAsync(life, "a life");
        (await life.Billing.Documents.VerifyAsync(life.Tenant, Token)).Faults.ShouldBeEmpty();
        (await life.Billing.Books.VerifyAsync(life.Tenant, Token)).ShouldBeEmpty();
        (await life.Billing.Credits.VerifyAsync(life.Tenant, Token)).ShouldBeEmpty();
    }

    private static async Task<List<Invoice>> AllAsync(Scenario life)
    {
        var all = new List<Invoice>();
        for (var query = new StoreQuery { Limit = Limits.PageSize }; ;)
        {
            var page = await life.Billing.Invoices.ListAsync(life.Tenant, query, Token);
            all.AddRange(page.Items);
            if (page.Next is null)
            {
                return all;
            }

            query = query with { After = page.Next };
        }
    }
}
