// From a file of usage to an issued invoice and a balanced ledger, with billing inside this very program.
using BillApis;
using BillApis.Quickstart;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

Screen.Open();
var folder = Directory.CreateTempSubdirectory("billapis-quickstart-");
try
{
    // 1. Billing is a service of the application and keeps its data in a SQLite file.
    await using var services = new ServiceCollection()
        .AddBilling(options => options.UseSqlite($"Data Source={Path.Combine(folder.FullName, "billing.db")}"))
        .BuildServiceProvider();
    var (billing, now, tenant) = (services.GetRequiredService<Billing>(), services.GetRequiredService<IClock>().GetCurrentInstant(), TenantId.Default);
    await billing.MigrateAsync();

    // 2. The rows of the file become events; what is wrong with a row is told with its line.
    var mapping = Mapping.Parse(args);
    var rows = UsageFile.Read(mapping, now).ToList();
    rows.ForEach(row => Screen.ShowProblem(row));
    var months = UsageFile.Months(rows, now);

    // 3. A plan with three price models, and a customer who subscribes to it for the months of the file.
    await Offer.CreateAsync(billing, tenant, mapping, rows);
    await billing.Subscriptions.CreateAsync(tenant, new NewSubscription(Offer.Customer, Offer.Plan) { StartAt = months.Start, EndAt = months.End });

    // 4. Meter: the good rows of a batch are kept, and each is counted once however often it is sent.
    await Screen.MeterAsync([.. rows.Where(row => row.Event is not null)], async batch =>
    {
        var answer = await billing.Usage.RecordAsync(tenant, [.. batch.Select(row => row.Event!)]);
        return answer.Rejected.Select(refused => batch[refused.Index] with { Problem = refused.Message });
    });

    // 5. Bill what is due, and show the invoices and the books.
    await billing.Runs.RunAsync(tenant, months.End);
    foreach (var invoice in (await billing.Invoices.ListAsync(tenant, new StoreQuery { Limit = Limits.PageSize })).Items.Reverse())
    {
        Screen.Show(invoice, await Offer.ModelsAsync(billing, tenant));
    }

    Screen.Show(await billing.Books.TrialBalanceAsync(tenant, null));
    await RowReport.WriteAsync(billing, tenant, mapping, months);
    return 0;
}
catch (BillingException refusal)
{
    Screen.Refuse(refusal.Message);
    return 1;
}
finally
{
    folder.Delete(recursive: true);
}
