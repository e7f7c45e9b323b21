namespace BillApis.Storage.Sql;

/// <summary>Tells whether anybody else has written since: it is equal for as long as nobody has.</summary>
/// <param name="Writer">The one connection that this process writes with.</param>
/// <param name="Version">Changes with what others commit.</param>
internal readonly record struct SqlStamp(object Writer, long Version);
