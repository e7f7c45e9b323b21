using System.Data.Common;
using BillApis.Invoicing;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>Credit memos in <c>billing_credit_memo</c>; each gets its number in the transaction that stores it and its invoice.</summary>
internal sealed class SqlCreditMemoStore(SqlDatabase database) : SqlStore<CreditMemo>(database, Map)
{
    private static readonly EntityMap<CreditMemo> Map = EntityMap<CreditMemo>.Of(
        "billing_credit_memo",
        EntityColumn<CreditMemo>.Text("customer_id", item => item.Customer),
        EntityColumn<CreditMemo>.Text("invoice_id", item => item.Invoice),
        EntityColumn<CreditMemo>.Text("subscription_id", item => item.Subscription),
        EntityColumn<CreditMemo>.Text("status", item => EntityMaps.Wire(item.Status)),
        EntityColumn<CreditMemo>.Text("series", item => item.Series),
        EntityColumn<CreditMemo>.Number("number", item => item.Number),
        EntityColumn<CreditMemo>.Number("total_minor", item => item.Total.MinorUnits));

    private readonly SqlDatabase _database = database;

    protected override async Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<CreditMemo> rows, CancellationToken cancellationToken)
    {
        var corrections = rows.Items.Where(item => item is { Version: 0, Correction: not null }).Select(item => (item.Subscription!.Value, item.Correction!.Value));
        await CorrectionNumbers.TakeAsync(_database.Dialect, transaction, tenant, [.. corrections], cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < rows.Items.Count; i++)
        {
            if (rows.Items[i].Number is null)
            {
                rows.Put(i, await SealedAsync(transaction, tenant, rows.Items[i], cancellationToken).ConfigureAwait(false));
            }
        }
    }

    private static async Task<CreditMemo> SealedAsync(DbTransaction transaction, TenantId tenant, CreditMemo memo, CancellationToken cancellationToken)
    {
        var (number, previous) = await SeriesNumbers.TakeAsync(transaction, tenant, memo.Series, 1, cancellationToken).ConfigureAwait(false);
        var numbered = memo with { Number = number };
        var seal = DocumentSeal.Of(IssuedDocument.Of(numbered), previous);
        await SeriesNumbers.EndAsync(transaction, tenant, memo.Series, seal.Hash, cancellationToken).ConfigureAwait(false);
        return numbered with { Seal = seal };
    }
}
