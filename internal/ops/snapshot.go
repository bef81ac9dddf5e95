package ops

// dataTree is the tree with the databases.
const dataTree = "db"
