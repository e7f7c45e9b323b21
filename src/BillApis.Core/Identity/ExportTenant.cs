using System.Text.Json;

namespace BillApis.Identity;

/// <summary>Reads what is stored for a tenant beside its usage events, table by table; not the credentials.</summary>
internal delegate IAsyncEnumerable<ExportedRow> ExportTenant(TenantId tenant, CancellationToken cancellationToken);

/// <summary>One row of a tenant's data.</summary>
internal sealed record ExportedRow(string Table, JsonElement Row);
