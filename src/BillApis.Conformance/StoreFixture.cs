namespace BillApis.Conformance;

/// <summary>Gives a suite the stores under test; one for each database, shared by its suites.</summary>
public abstract class StoreFixture
{
    /// <summary>A service of the engine that keeps its data in the database under test.</summary>
    public abstract T Get<T>() where T : notnull;

    /// <summary>The same database seen by another node, with no memory shared.</summary>
    public abstract T GetFromAnotherNode<T>() where T : notnull;
}
